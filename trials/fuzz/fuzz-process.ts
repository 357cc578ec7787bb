/** The process in which a reader is fuzzed: what it does to itself, it does to nobody else. */
import { openSync } from 'node:fs';
import { readers } from './readers/readers.ts';
import { workThrough, type Finding, type Work, type Worked } from './work-through.ts';

export interface Order extends Work {
  readonly reader: string;
  readonly noteFile: string;
}

export type Told =
  | { readonly type: 'found'; readonly finding: Finding }
  | { readonly type: 'done'; readonly worked: Worked };

const tell = (told: Told, done = (): void => undefined): void => void process.send?.(told, done);

process.on('disconnect', () => process.exit());
process.once('message', (raw) => void obey(raw as Order));

async function obey({ reader: name, noteFile, ...work }: Order): Promise<void> {
  const reader = readers.find((candidate) => candidate.name === name);
  if (!reader) throw new Error(`There is no reader "${name}".`);
  const note = openSync(noteFile, 'r+');
  const worked = await workThrough(reader, work, note, (finding) =>
    tell({ type: 'found', finding }),
  );
  tell({ type: 'done', worked }, () => process.disconnect());
}
