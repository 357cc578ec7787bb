/** What would make a graph smaller that does not fit into a machine's memory. */
import type { MemoryChange } from '#engine/estimate/memory-fit.ts';
import { LatestWork, lineTo, type WorkerLine } from './latest-work.ts';
import type { ChangesRequest } from './memory-changes-worker.ts';

type Changes = readonly MemoryChange[];

/** Several estimates take several times as long as one. */
const work = new LatestWork(startWorker, { olderMs: 250, longestMs: 60_000 });

/** Tells nothing where it takes too long, or once what is returned was called. */
export function askMemoryChanges(
  request: ChangesRequest,
  hear: (changes: Changes) => void,
): () => void {
  let left = false;
  work.ask(request, (changes) => {
    if (!left) hear(changes ?? []);
  });
  return () => {
    left = true;
  };
}

function startWorker(): WorkerLine<ChangesRequest, Changes> {
  return lineTo(
    new Worker(new URL('./memory-changes-worker.ts', import.meta.url), { type: 'module' }),
  );
}
