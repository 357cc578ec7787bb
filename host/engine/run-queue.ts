/** How many runs may go on or wait, and how much they may hold: each is kept whole until its turn. */
import { documentLimits } from '#engine/contract/document.ts';
import { formatBytes } from '#engine/contract/format.ts';
import { error, type Problem } from '#engine/contract/problem.ts';
import { runLimits } from '#engine/contract/run-request.ts';

/** Why one more graph may not wait; null where it may. Sizes are bytes of JSON. */
export function queueProblem(going: readonly number[], sizeBytes: number): Problem | null {
  if (sizeBytes > documentLimits.bytes) {
    const message = `The graph has ${formatBytes(sizeBytes)}, at most ${formatBytes(documentLimits.bytes)} are run; split the graph.`;
    return error('file-too-large', message);
  }
  if (going.length >= runLimits.going) {
    const message = `${runLimits.going} runs go on or wait already; wait until one has ended, or cancel one.`;
    return error('queue-full', message);
  }
  const heldBytes = going.reduce((sum, bytes) => sum + bytes, 0);
  if (heldBytes + sizeBytes <= runLimits.goingBytes) return null;
  const message = `The runs that go on or wait hold ${formatBytes(heldBytes)} of graphs, at most ${formatBytes(runLimits.goingBytes)} are held; wait until one has ended, or cancel one.`;
  return error('queue-full', message);
}
