/** What a decoder's graph tells of a prompt, by the name of the tap. */
import { isExpertLoad } from '#engine/node/shows.ts';
import { shownPrefix } from '#engine/plan/shown-outputs.ts';
import type { TensorMap } from '../sessions/sessions.ts';

export type SeenTokens = ReadonlyMap<string, readonly number[]>;

/** Counts are summed over the pieces of a prompt; of anything else there is what the last piece with any of it gave. */
export function addSeen(before: SeenTokens, outputs: TensorMap): SeenTokens {
  const seen = new Map(before);
  for (const [name, { data }] of Object.entries(outputs)) {
    if (!name.startsWith(shownPrefix)) continue;
    const tap = name.slice(shownPrefix.length);
    const told = Array.from(data as BigInt64Array | Float32Array, Number);
    if (isExpertLoad(tap))
      seen.set(
        tap,
        told.map((count, index) => count + (before.get(tap)?.[index] ?? 0)),
      );
    else if (told.length > 0) seen.set(tap, told);
  }
  return seen;
}
