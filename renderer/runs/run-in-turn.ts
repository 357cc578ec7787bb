/** Two graphs run in turn, round by round: a machine that slows down meanwhile slows both. */
import type { RunEvent } from '#engine/contract/run-event.ts';
import { ask, host } from '#renderer/connection/host-client.ts';
import { follow } from './follow-run.ts';
import { isOver, newLiveRun } from './live-run.ts';
import { addRun, compare, runStore, updateRun, type FollowedRun } from './run-store.ts';
import { areTooMany, keepDocument, requestOf, tellRefused } from './start-run.ts';

const rounds = 3;

/** Can it be run again as it was? Where it was found at the host, its graph is not known here. */
export const isRunnable = (run: FollowedRun): run is Runnable => run.document !== null;

type Runnable = FollowedRun & { readonly document: NonNullable<FollowedRun['document']> };

/** One of the two while it is run again. */
interface Side {
  readonly run: Runnable;
  /** Of what it has become in this window; null before its first round. */
  runId: string | null;
  readonly told: (readonly RunEvent[])[];
}

/** Runs both again and shows them side by side, each as one run; each goes first as often as the other, but for once. */
export async function runInTurn(a: Runnable, b: Runnable): Promise<void> {
  if (areTooMany(2)) return;
  const sides = [a, b].map((run): Side => ({ run, runId: null, told: [] }));
  for (let round = 1; round <= rounds; round++) {
    for (const side of round % 2 === 1 ? sides : sides.toReversed()) {
      const goesOn = await runRound(side, sides, round);
      if (!goesOn) return endAll(sides);
    }
  }
}

/** False where it did not come to its end. */
async function runRound(side: Side, sides: readonly Side[], round: number): Promise<boolean> {
  const outcome = await ask(host.startRun.mutate(requestOf(side.run)));
  if (!outcome.ok) {
    tellRefused(outcome.problems);
    return false;
  }
  const { runId: hostRunId } = outcome.value;
  if (side.run.documentId !== null) keepDocument(hostRunId, side.run.documentId);
  if (side.runId === null) begin(side, hostRunId);
  const runId = side.runId ?? hostRunId;
  const known = sides.flatMap((each) => each.runId ?? []);
  compare(known);
  // Whichever of the two is cancelled, it is this round that ends.
  for (const id of known) updateRun(id, (run) => ({ ...run, hostRunId }));
  const end = round === rounds ? 'news' : 'of-a-round';
  const told = await follow(runId, { end, before: side.told }, hostRunId);
  side.told.push(told);
  if (told.at(-1)?.type !== 'run-finished') return false;
  if (end === 'of-a-round') updateRun(runId, (run) => ({ ...run, live: newLiveRun }));
  return known.every((id) =>
    runStore.getState().runs.some((run) => run.runId === id && !run.isCancelling),
  );
}

function begin(side: Side, runId: string): void {
  const { documentId, document, baseFolder, until, graph } = side.run;
  const startedAt = new Date().toISOString();
  addRun({ runId, graph, documentId, document, baseFolder, until, startedAt, rounds });
  side.runId = runId;
}

/** What waited for its turn waits no more. */
function endAll(sides: readonly Side[]): void {
  for (const { runId } of sides) {
    if (runId === null) continue;
    updateRun(runId, (run) =>
      isOver(run.live) ? run : { ...run, live: { ...run.live, status: 'cancelled' } },
    );
  }
}
