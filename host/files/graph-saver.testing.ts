/** A server's files as another process has them: saves what it is told to, and says what came of it. For tests. */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { ChosenPlaces } from './chosen-places.ts';
import { GraphFiles } from './graph-files.ts';
import { RecentFiles } from './recent-files.ts';

const [, , data = '', title = ''] = process.argv;
const files = new GraphFiles(new RecentFiles(data), new ChosenPlaces(data), join(data, 'saving'));
const document = { ...sketchDocument({}, []), title };

process.stdout.write('ready\n');
for await (const path of createInterface({ input: process.stdin })) {
  const saved = await files.save({ path, document, stamp: null, overwrite: false });
  process.stdout.write(`${saved.ok ? 'saved' : saved.problems[0]?.code}\n`);
}
