/** Two graphs run in turn, round by round: a machine that slows down meanwhile slows both. */
import type { RunEvent } from '#engine/contract/run-event.ts';
import { turnOrder, usualRounds as rounds } from '#engine/profile/turn-order.ts';
import { ask, host } from '#renderer/connection/host-client.ts';
import { follow } from './follow-run.ts';
import { isOver, newLiveRun } from './live-run.ts';
import { addRun, compare, runStore, updateRun, type FollowedRun } from './run-store.ts';
import { areTooMany, cancelRun, keepDocument, requestOf, tellRefused } from './start-run.ts';

/** Can it be run again as it was? Where it was found at the host, its graph is not known here. */
export const isRunnable = (run: FollowedRun): run is Runnable => run.document !== null;

type Runnable = FollowedRun & { readonly document: NonNullable<FollowedRun['document']> };

/** One of the two while it is run again. */
interface Side {
  readonly run: Runnable;
  /** Of what it becomes in this window. */
  readonly runId: string;
  readonly told: (readonly RunEvent[])[];
}

/** Runs both again and shows them side by side, each as one run. */
export async function runInTurn(a: Runnable, b: Runnable): Promise<void> {
  if (areTooMany(2)) return;
  const sides = [a, b].map(begin);
  compare(sides.map(({ runId }) => runId));
  for (let round = 0; round < rounds; round++) {
    for (const side of turnOrder(sides, round)) {
      if (!(await runRound(side, sides, round))) return endAll(sides);
    }
  }
}

function begin(run: Runnable): Side {
  const { documentId, document, baseFolder, until, graph } = run;
  const runId = crypto.randomUUID();
  const startedAt = new Date().toISOString();
  addRun({ runId, graph, documentId, document, baseFolder, until, startedAt, rounds });
  return { run, runId, told: [] };
}

/** False where it did not come to its end. */
async function runRound(side: Side, sides: readonly Side[], round: number): Promise<boolean> {
  if (isCancelled(sides)) return false;
  const outcome = await ask(host.startRun.mutate(requestOf(side.run)));
  if (!outcome.ok) {
    tellRefused(outcome.problems);
    return false;
  }
  const { runId: hostRunId } = outcome.value;
  if (side.run.documentId !== null) keepDocument(hostRunId, side.run.documentId);
  // Whichever of the two is cancelled, it is this round that ends.
  for (const { runId } of sides) updateRun(runId, (run) => ({ ...run, hostRunId }));
  if (isCancelled(sides)) await cancelRun(side.runId, false);
  const end = round === rounds - 1 ? 'news' : 'of-a-round';
  const told = await follow(side.runId, { end, before: side.told }, hostRunId);
  side.told.push(told);
  if (told.at(-1)?.type !== 'run-finished') return false;
  if (end === 'of-a-round') updateRun(side.runId, (run) => ({ ...run, live: newLiveRun }));
  return true;
}

const isCancelled = (sides: readonly Side[]): boolean =>
  runStore
    .getState()
    .runs.some((run) => run.isCancelling && sides.some(({ runId }) => runId === run.runId));

/** What waited for its turn waits no more. */
function endAll(sides: readonly Side[]): void {
  for (const { runId } of sides) {
    updateRun(runId, (run) =>
      isOver(run.live) ? run : { ...run, live: { ...run.live, status: 'cancelled' } },
    );
  }
}
