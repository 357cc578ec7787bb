/** Refuses, before anything is built, a graph that cannot fit into the machine's memory. */
import { formatBytes } from '#engine/contract/format.ts';
import { error, type Problem } from '#engine/contract/problem.ts';
import { stateWord } from '#engine/contract/state-word.ts';
import { estimatePlan, reservedBytes } from '#engine/estimate/estimate.ts';
import type { CheckedGraph } from '#engine/graph/check.ts';
import type { Plan } from '#engine/plan/plan.ts';
import { memoryBytes } from '../system/machine.ts';

export function memoryProblem(
  checked: CheckedGraph,
  plan: Plan,
  totalBytes = memoryBytes(),
): Problem | null {
  const { stages, totals } = estimatePlan(checked, plan);
  const { peakBytes, keyValueBytes, recurrentBytes, activationBytes } = totals;
  const neededBytes = peakBytes + reservedBytes;
  if (neededBytes <= totalBytes) return null;
  const largest = stages.reduce((a, b) => (b.weightBytes > a.weightBytes ? b : a));
  const stateBytes = keyValueBytes + recurrentBytes;
  // As the runtime holds them, which may be more than they are in a file.
  const weightBytes = peakBytes - stateBytes - activationBytes;
  const sum = `${formatBytes(weightBytes)} of weights, ${formatBytes(stateBytes)} of ${stateWord(recurrentBytes)}, ${formatBytes(activationBytes)} of activations, ${formatBytes(reservedBytes)} for the system and Patchbay`;
  const message = `The graph needs about ${formatBytes(neededBytes)} (${sum}), the machine has ${formatBytes(totalBytes)}; choose a smaller model or a lower precision for "${largest.title}".`;
  return error('memory-short', message, { node: largest.node });
}
