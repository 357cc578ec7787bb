/** A process that keeps ever newer states of one draft and says which is safe, until it is killed. For tests. */
import type { Draft } from '#engine/contract/file-service.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { Drafts } from './drafts.ts';

const drafts = new Drafts(process.argv[2] as string);
const notes = Array.from({ length: 300 }, () => ({ text: 'word '.repeat(2000), x: 0, y: 0 }));

for (let number = 0; ; number++) {
  const document = { ...sketchDocument({}, []), title: String(number), notes };
  const draft: Draft = {
    id: 'work',
    window: 'one',
    path: null,
    stamp: null,
    unsaved: true,
    document,
  };
  const kept = await drafts.keep(draft);
  if (!kept.ok) throw new Error(kept.problems[0]?.message);
  process.stdout.write(`${number}\n`);
}
