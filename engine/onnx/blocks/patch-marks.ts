/** What became of every patch of a picture, as one number each; for a run that shows it, so none of it is counted. */
import { keptMarks } from '../../contract/showing.ts';
import type { GraphBuilder } from '../graph-builder.ts';
import { add, multiply, sum, topK } from '../operators.ts';
import { slice, squeeze, transpose, unsqueeze } from '../shape-operators.ts';
import type { Value } from '../value.ts';
import { cutBehind } from './feature-map.ts';

/**
 * Of one picture: 1 for patches that are kept, 0 for those that are gone, 2 for those singled out among the kept.
 * `kept` [n] and `singledOut` [m] int64 are places of patches, −1 for what is none. → [1, patches] int64
 */
export function markKept(
  g: GraphBuilder,
  patches: number,
  kept: Value,
  singledOut: Value | null = null,
): Value {
  // Made of what only the run knows, as nothing in a branch may be computed ahead; see token-merging.ts.
  const gone = multiply(g, sum(g, kept, 0, true), g.scalar('int64', keptMarks.gone)); // [1]
  // What is no patch is marked before the first one, and cut off.
  const shape = [patches + 1];
  const none = g.op('Expand', [gone, g.list(...shape)], { type: 'int64', shape });
  const withKept = mark(g, none, kept, keptMarks.kept);
  const all = singledOut ? mark(g, withKept, singledOut, keptMarks.singledOut) : withKept;
  return unsqueeze(g, slice(g, all, 0, g.list(1), g.list(patches + 1), patches), 0);
}

function mark(g: GraphBuilder, marks: Value, places: Value, as: number): Value {
  const behind = add(g, places, g.scalar('int64', 1));
  const value = add(g, multiply(g, places, g.scalar('int64', 0)), g.scalar('int64', as));
  return g.op('ScatterElements', [marks, behind, value], marks);
}

/**
 * The token that each patch went into. `source` [B, N, prefix + P] holds a one where a token is made of that which was
 * there at first. → [B, P] int64
 */
export function markMerged(g: GraphBuilder, source: Value, prefixTokens: number): Value {
  const ofPatches = transpose(g, cutBehind(g, source, 2, prefixTokens), 0, 2, 1); // [B, P, N]
  return squeeze(g, topK(g, ofPatches, g.list(1), 1).indices, 2);
}
