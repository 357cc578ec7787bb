/** Dropping visual tokens between two layers of a language model, by the attention they receive. */
import type { AccelerationPart } from '#engine/graph/part.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { CausalAttentionShape } from '#engine/onnx/blocks/causal-attention.ts';
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
import type { Dim, Value } from '#engine/onnx/value.ts';

/**
 * Where the visual tokens lie in the sequence, all [] int64. In a decode step, which has none,
 * every number is 0 and the pruning runs on nothing.
 */
export interface VisualRun {
  readonly start: Value;
  readonly end: Value;
  readonly kept: Value;
}

/**
 * Mean over heads of the attention that the last token pays each visual one, among the new tokens (all
 * of the prompt in prefill). query [1, T, H · d] rotated, key [1, kvHeads, T, d] → [visual]
 */
export function scoreVisualTokens(
  g: GraphBuilder,
  query: Value,
  key: Value,
  { headCount, keyValueHeadCount, headSize }: CausalAttentionShape,
  visual: VisualRun,
): Value {
  return g.scope('scores', () => {
    const group = headCount / keyValueHeadCount;
    const sequence = query.shape[1] as Dim;
    const place = subtract(g, lengthOf(g, query, 1), g.scalar('int64', 1));
    const last = gather(g, query, place, 1); // [1, H · d]
    const rows = reshape(g, last, [1, keyValueHeadCount, group, headSize]);
    const logits = matmul(g, rows, transpose(g, key, 0, 1, 3, 2)); // [1, kvHeads, group, T]
    const scaled = multiply(g, logits, g.scalar('float32', headSize ** -0.5));
    const heads = reshape(g, softmax(g, scaled, -1), [headCount, sequence]);
    const all = mean(g, heads, 0, false); // [T]
    const [start, end] = [unsqueeze(g, visual.start, 0), unsqueeze(g, visual.end, 0)];
    return g.tap('scores', slice(g, all, 0, start, end, 'visual'));
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
