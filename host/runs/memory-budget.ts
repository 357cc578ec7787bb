/** Whether a graph fits into memory: all stages together, one after the other, or, refused before anything is built, not at all. */
import { formatBytes } from '#engine/contract/format.ts';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { Holding } from '#engine/contract/run-event.ts';
import { stateWord } from '#engine/contract/state-word.ts';
import { estimatePlan, reservedBytes, type StageEstimate } from '#engine/estimate/estimate.ts';
import type { CheckedGraph } from '#engine/graph/check.ts';
import type { Plan } from '#engine/plan/plan.ts';
import { memoryBytes } from '../system/machine.ts';

/** `limitBytes` is what the user allows, where that is less than the machine has. */
export function holdingOf(
  checked: CheckedGraph,
  plan: Plan,
  { limitBytes = Infinity, machineBytes = memoryBytes() } = {},
): Outcome<Holding> {
  const { stages, totals } = estimatePlan(checked, plan);
  const roomBytes = Math.min(limitBytes, machineBytes) - reservedBytes;
  if (totals.peakBytes <= roomBytes) return ok('together');
  const largest = stages.reduce((a, b) => (b.peakBytes > a.peakBytes ? b : a));
  if (largest.peakBytes <= roomBytes) return ok('in-turn');
  const has =
    limitBytes < machineBytes
      ? `${formatBytes(limitBytes)} are allowed`
      : `the machine has ${formatBytes(machineBytes)}`;
  const message = `"${largest.title}" alone needs about ${needOf(largest)}, ${has}; choose a smaller model or a lower precision for it.`;
  return fail(error('memory-short', message, { node: largest.node }));
}

/** "5.2 GB (4.1 GB of weights, …)" */
function needOf({
  peakBytes,
  keyValueBytes,
  recurrentBytes,
  activationBytes,
}: StageEstimate): string {
  const stateBytes = keyValueBytes + recurrentBytes;
  // As the runtime holds them, which may be more than they are in a file.
  const weightBytes = peakBytes - stateBytes - activationBytes;
  const parts = [
    `${formatBytes(weightBytes)} of weights`,
    `${formatBytes(stateBytes)} of ${stateWord(recurrentBytes)}`,
    `${formatBytes(activationBytes)} of activations`,
    `${formatBytes(reservedBytes)} for the system and Patchbay`,
  ];
  return `${formatBytes(peakBytes + reservedBytes)} (${parts.join(', ')})`;
}
