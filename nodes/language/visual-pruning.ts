/** Dropping visual tokens between two layers of a language model, by the attention they receive. */
import type { TokenReductionPart } from '#engine/node/part.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { keySize, type CausalAttentionShape } from '#engine/onnx/blocks/causal-attention.ts';
import { matmul, mean, multiply, softCapped, softmax, subtract } from '#engine/onnx/operators.ts';
import { gather, lengthOf, reshape, shapeOf, transpose } from '#engine/onnx/shape-operators.ts';
import type { Dim, Value } from '#engine/onnx/value.ts';
import { segmentSymbols } from '#engine/node/decoder-protocol.ts';
import type { Segment } from './decoder-inputs.ts';

/**
 * Mean over heads of the attention that the last token pays each visual one, among the new tokens (all
 * of the prompt in prefill). query [1, T, H · d] rotated, key [1, kvHeads, T, d] → [visual]
 */
export function scoreVisualTokens(
  g: GraphBuilder,
  query: Value,
  key: Value,
  shape: CausalAttentionShape,
  segment: Segment,
): Value {
  const { headCount, keyValueHeadCount, scale, softCap } = shape;
  return g.scope('scores', () => {
    const group = headCount / keyValueHeadCount;
    const sequence = query.shape[1] as Dim;
    const place = subtract(g, lengthOf(g, query, 1), g.scalar('int64', 1));
    const last = gather(g, query, place, 1); // [1, H · d]
    const rows = reshape(g, last, [1, keyValueHeadCount, group, keySize(shape)]);
    const logits = matmul(g, rows, transpose(g, key, 0, 1, 3, 2)); // [1, kvHeads, group, T]
    const scaled = softCapped(g, multiply(g, logits, g.scalar('float32', scale)), softCap);
    const heads = reshape(g, softmax(g, scaled, -1), [headCount, sequence]);
    const all = mean(g, heads, 0, false); // [T]
    return g.tap('scores', gather(g, all, visualPlaces(g, segment), 0));
  });
}

/** Places of the visual tokens, ascending. → [visual] int64 */
function visualPlaces(g: GraphBuilder, { index, isVisual }: Segment): Value {
  return placesOf(g, isVisual as Value, segmentSymbols(index).visual);
}

/** Where a list [T] int64 is not 0, ascending. → [count] int64 */
function placesOf(g: GraphBuilder, list: Value, count: Dim): Value {
  const places = g.op('NonZero', [list], { type: 'int64', shape: [1, count] });
  return reshape(g, places, [count]);
}

/** Rows [1, sequence, D], their positions and what is visual among them, without the visual tokens that go. */
export function pruneVisualTokens(
  g: GraphBuilder,
  part: TokenReductionPart,
  segment: Segment,
  scores: Value | null,
  rows: readonly Value[],
): { readonly rows: readonly Value[] } & Pick<Segment, 'positions' | 'isVisual'> {
  return g.scope('prune', () => {
    const isVisual = segment.isVisual as Value;
    const after = segmentSymbols(segment.index + 1);
    const places = visualPlaces(g, segment);
    const keptCount = segment.keptCount as Value;
    const inside = part.select(g, scores, { count: keptCount, size: after.visual }); // [kept visual]
    const staying = gather(g, places, inside, 0);
    const words = subtract(g, g.scalar('int64', 1), isVisual); // [sequence]
    const ones = g.op('Expand', [g.scalar('int64', 1), shapeOf(g, staying)], staying);
    const stays = g.op('ScatterElements', [words, staying, ones], words);
    const kept = placesOf(g, stays, after.sequence); // ascending, so that reading order stays
    g.tap('kept', kept);
    return {
      rows: rows.map((row) => gather(g, row, kept, 1)),
      positions: gather(g, segment.positions, kept, 1),
      isVisual: gather(g, isVisual, kept, 0),
    };
  });
}
