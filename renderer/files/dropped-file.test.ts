import { expect, test } from 'vitest';
import { documentLimits } from '#engine/contract/document.ts';
import { checkGraphSize, kindOfDropped } from './dropped-file.ts';

const kind = (name: string, type = '') => {
  const outcome = kindOfDropped({ name, type });
  return outcome.ok ? outcome.value : outcome.problems[0]?.code;
};

test('a dropped file is told by its name, else by its type, else refused in a sentence', () => {
  expect(kind('flow.patchbay.json')).toBe('graph');
  expect(kind('FLOW.JSON', 'application/json')).toBe('graph');
  expect(kind('cat.JPEG')).toBe('picture');
  expect(kind('pasted', 'image/png')).toBe('picture');
  expect(kind('drawing.svg', 'image/svg+xml')).toBe('file-unreadable');
  expect(kindOfDropped({ name: 'notes.pdf', type: '' })).toMatchObject({
    problems: [{ message: expect.stringMatching(/^notes\.pdf is neither.*drop a/) as string }],
  });
});

test('a graph of more than the limit is not even read', () => {
  expect(checkGraphSize({ name: 'g.json', size: documentLimits.bytes }).ok).toBe(true);
  expect(checkGraphSize({ name: 'g.json', size: 3e9 })).toMatchObject({
    ok: false,
    problems: [{ code: 'file-too-large', message: expect.stringContaining('3.00') as string }],
  });
});
