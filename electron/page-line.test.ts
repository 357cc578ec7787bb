/** The window answers its own page, and only what it can understand. */
import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { noticeChannels, requestChannels } from './channels.ts';
import { PageLine, type MessageSource } from './page-line.ts';

const origin = 'http://127.0.0.1:4321';
const page = { senderFrame: { origin, parent: null } };
const stranger = { senderFrame: { origin: 'https://example.org', parent: null } };

class Source extends EventEmitter implements MessageSource {
  readonly handlers = new Map<string, Parameters<MessageSource['handle']>[1]>();
  handle(channel: string, handler: Parameters<MessageSource['handle']>[1]): void {
    this.handlers.set(channel, handler);
  }
}

test('A request is answered to our page alone, and only with what it may carry', async () => {
  const source = new Source();
  const opened: string[] = [];
  new PageLine(source, () => origin).answer('chooseFileToOpen', (kind) => {
    opened.push(kind);
    return Promise.resolve('/graphs/a.patchbay.json');
  });
  const ask = source.handlers.get(requestChannels.chooseFileToOpen);
  expect(await ask?.(page, 'graph')).toBe('/graphs/a.patchbay.json');
  expect(await ask?.(stranger, 'graph')).toBeNull();
  expect(await ask?.(page, 'program')).toBeNull();
  expect(await ask?.(page)).toBeNull();
  expect(await ask?.({ senderFrame: null }, 'graph')).toBeNull();
  expect(opened).toEqual(['graph']);
});

test('A notice is heard from our page alone, and only with what it may carry', () => {
  const source = new Source();
  const heard: unknown[] = [];
  new PageLine(source, () => origin).hear('setTitle', (...told) => heard.push(told));
  source.emit(noticeChannels.setTitle, page, 'shapes', true);
  source.emit(noticeChannels.setTitle, stranger, 'phish', false);
  source.emit(noticeChannels.setTitle, page, 'shapes', 'yes');
  source.emit(noticeChannels.setTitle, page, 'x'.repeat(1001), false);
  expect(heard).toEqual([['shapes', true]]);
});
