/** Pruning visual tokens between two layers of a language model, by the attention they receive. */
import type { TokenReductionPart } from '#engine/node/part.ts';
import { keptVisualTap, visualAttentionTap } from '#engine/node/shows.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { masked } from '#engine/onnx/blocks/cached-tokens.ts';
import { keySize, type Met } from '#engine/onnx/blocks/causal-attention.ts';
import {
  add,
  cast,
  matmul,
  mean,
  multiply,
  softCapped,
  softmax,
  subtract,
} from '#engine/onnx/operators.ts';
import { gather, lengthOf, reshape, shapeOf, transpose } from '#engine/onnx/shape-operators.ts';
import type { Dim, Value } from '#engine/onnx/value.ts';
import { segmentSymbols } from '#engine/node/decoder-protocol.ts';
import type { Places, Segment } from './decoder-inputs.ts';

/**
 * Mean over heads of the attention that the last token pays each visual one, among the new tokens (all
 * of the prompt in prefill). query [1, T, H · d] rotated, key [1, kvHeads, T, d] → [visual]
 */
export function scoreVisualTokens(
  g: GraphBuilder,
  { query, key, shape }: Met,
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
    const seen = segment.masked
      ? add(g, scaled, reshape(g, segment.masked, [1, 1, 1, sequence]))
      : scaled;
    const heads = reshape(g, softmax(g, seen, -1), [headCount, sequence]);
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

/** 1 for words and for the visual tokens that stay, 0 for those that are pruned. → [sequence] int64 */
function stayingTokens(
  g: GraphBuilder,
  part: TokenReductionPart,
  segment: Segment,
  scores: Value | null,
): Value {
  const count = segment.keptCount as Value;
  const size = segmentSymbols(segment.index + 1).visual;
  const inside = part.select(g, scores, { count, size }); // [kept visual]
  if (scores) {
    g.tap(keptVisualTap(part.node), inside);
    g.tap(visualAttentionTap(part.node), scores);
  }
  const staying = gather(g, visualPlaces(g, segment), inside, 0);
  const words = subtract(g, g.scalar('int64', 1), segment.isVisual as Value); // [sequence]
  const ones = g.op('Expand', [g.scalar('int64', 1), shapeOf(g, staying)], staying);
  return g.op('ScatterElements', [words, staying, ones], words);
}

/** All tokens stay; those that are pruned are visual no more, and seen by none. */
export function maskVisualTokens(
  g: GraphBuilder,
  part: TokenReductionPart,
  segment: Segment,
  scores: Value | null,
): Places {
  return g.scope('mask', () => {
    const stays = stayingTokens(g, part, segment, scores);
    const goes = cast(g, subtract(g, g.scalar('int64', 1), stays), 'float32'); // [sequence]
    const hidden = multiply(g, goes, g.scalar('float32', masked));
    const each = reshape(g, hidden, [1, 1, hidden.shape[0] as Dim, 1]);
    return {
      positions: segment.positions,
      isVisual: multiply(g, segment.isVisual as Value, stays),
      masked: segment.masked ? add(g, each, segment.masked) : each,
    };
  });
}

/** Rows [1, sequence, D], and what is known of their tokens, without the visual tokens that go. */
export function pruneVisualTokens(
  g: GraphBuilder,
  part: TokenReductionPart,
  segment: Segment,
  scores: Value | null,
  rows: readonly Value[],
): { readonly rows: readonly Value[] } & Places {
  return g.scope('prune', () => {
    const after = segmentSymbols(segment.index + 1);
    const stays = stayingTokens(g, part, segment, scores);
    const kept = placesOf(g, stays, after.sequence); // ascending, so that reading order stays
    g.tap('kept', kept);
    return {
      rows: rows.map((row) => gather(g, row, kept, 1)),
      positions: gather(g, segment.positions, kept, 1),
      isVisual: gather(g, segment.isVisual as Value, kept, 0),
      masked: segment.masked && gather(g, segment.masked, kept, 2),
    };
  });
}
