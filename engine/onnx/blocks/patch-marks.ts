/** What became of every patch of a picture, as one number each; for a run that shows it, so none of it is counted. */
import { keptMarks, mostAttended } from '../../contract/showing.ts';
import type { GraphBuilder } from '../graph-builder.ts';
import { add, cast, divide, largest, mean, multiply, softmax, sum, topK } from '../operators.ts';
import { slice, squeeze, transpose, unsqueeze } from '../shape-operators.ts';
import { fixedDim, type Dim, type Value } from '../value.ts';
import { scores, splitHeads } from './attention-heads.ts';
import type { QueryKeyValue } from './attention-projections.ts';
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

/** Of every picture, attention [B, P] as shares of the most that a patch of it gets, in steps. → [B, P] int64 */
export function markAttended(g: GraphBuilder, attention: Value): Value {
  const steps = g.scalar('float32', mostAttended);
  // Where nothing is looked at at all, no patch is marked.
  const most = g.op('Max', [largest(g, attention, 1, true), g.scalar('float32', 1e-30)], {
    type: 'float32',
    shape: [attention.shape[0] as Dim, 1],
  });
  const half = g.scalar('float32', 0.5);
  return cast(g, add(g, multiply(g, divide(g, attention, most), steps), half), 'int64');
}

/**
 * How much the patches are looked at, over all heads and queries, by attention of query [B, Q, H · d] to key
 * [B, prefix + P, H · d]. → marks [B, P] int64
 */
export function markLookedAt(
  g: GraphBuilder,
  { query, key }: Pick<QueryKeyValue<Value>, 'query' | 'key'>,
  headCount: number,
  prefixTokens: number,
): Value {
  const [queries, keys] = [splitHeads(g, query, headCount), splitHeads(g, key, headCount)];
  const met = scores(g, queries, keys, fixedDim(queries, -1) ** -0.5); // [B, H, Q, prefix + P]
  const shares = mean(g, softmax(g, met, -1), [1, 2], false); // [B, prefix + P]
  return markAttended(g, cutBehind(g, shares, 1, prefixTokens));
}
