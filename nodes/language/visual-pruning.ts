/** Dropping visual tokens between two layers of a language model, by the attention they receive. */
import type { AccelerationPart } from '#engine/graph/part.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { cachedHeadSize, type CausalAttentionShape } from '#engine/onnx/blocks/causal-attention.ts';
import {
  add,
  concatenate,
  gather,
  lengthOf,
  matmul,
  mean,
  multiply,
  range,
  reshape,
  slice,
  softmax,
  subtract,
  transpose,
  unsqueeze,
} from '#engine/onnx/operators.ts';
import type { Value } from '#engine/onnx/value.ts';

/**
 * Where the visual tokens lie in the sequence, all [] int64. In a decode step, which has none,
 * every number is 0 and the operators below run on nothing.
 */
export interface VisualRun {
  readonly start: Value;
  readonly end: Value;
  readonly kept: Value;
  /** Cached keys that the scores look at: the whole prompt in prefill, 0 in decode. */
  readonly scoredLength: Value;
}

/**
 * Mean over heads of the attention that the last row pays each visual token.
 * query [1, T, H · size] rotated, key [1, kvHeads, capacity, size] → [visual]
 */
export function scoreVisualTokens(
  g: GraphBuilder,
  query: Value,
  key: Value,
  { headCount, keyValueHeadCount, headSize }: CausalAttentionShape,
  visual: VisualRun,
): Value {
  return g.scope('scores', () => {
    const size = cachedHeadSize(headSize);
    const group = headCount / keyValueHeadCount;
    const length = lengthOf(g, query, 1);
    const last = gather(g, query, subtract(g, length, g.scalar('int64', 1)), 1); // [1, H · size]
    const rows = reshape(g, last, [1, keyValueHeadCount, group, size]);
    const keys = slice(g, key, 2, g.list(0), unsqueeze(g, visual.scoredLength, 0), 'scored');
    const logits = matmul(g, rows, transpose(g, keys, 0, 1, 3, 2)); // [1, kvHeads, group, scored]
    const scaled = multiply(g, logits, g.scalar('float32', headSize ** -0.5));
    const heads = reshape(g, softmax(g, scaled, -1), [headCount, 'scored']);
    const all = mean(g, heads, 0, false); // [scored]
    const scores = slice(
      g,
      all,
      0,
      unsqueeze(g, visual.start, 0),
      unsqueeze(g, visual.end, 0),
      'visual',
    );
    return g.tap('scores', scores);
  });
}

/** Rows [1, sequence, D] and their positions [1, sequence], without the visual tokens that go. */
export function pruneVisualTokens(
  g: GraphBuilder,
  part: AccelerationPart,
  scores: Value,
  visual: VisualRun,
  rows: readonly Value[],
  positions: Value,
): { rows: readonly Value[]; positions: Value } {
  return g.scope('prune', () => {
    const inside = part.select(g, scores, visual.kept); // [keptVisual], ascending
    const before = range(g, g.scalar('int64', 0), visual.start, 'before');
    const after = range(g, visual.end, lengthOf(g, positions, 1), 'after');
    const kept = concatenate(g, [before, add(g, inside, visual.start), after], 0, 'kept');
    g.tap('kept', kept);
    return {
      rows: rows.map((row) => gather(g, row, kept, 1)),
      positions: gather(g, positions, kept, 1),
    };
  });
}
