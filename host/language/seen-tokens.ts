/** What a decoder's graph shows of a prompt, by the name of the tap: counts that are summed over the pieces. */
import { shownPrefix } from '#engine/plan/shown-outputs.ts';
import type { TensorMap } from '../sessions/sessions.ts';

export type SeenTokens = ReadonlyMap<string, readonly number[]>;

export function addSeen(before: SeenTokens, outputs: TensorMap): SeenTokens {
  const seen = new Map(before);
  for (const [name, { data }] of Object.entries(outputs)) {
    if (!name.startsWith(shownPrefix)) continue;
    const tap = name.slice(shownPrefix.length);
    const counts = Array.from(data as BigInt64Array, Number);
    const sums = counts.map((count, index) => count + (before.get(tap)?.[index] ?? 0));
    seen.set(tap, sums);
  }
  return seen;
}
