/**
 * Deformable attention (arxiv.org/abs/2010.04159): each query looks at a few points of a map, which it chooses itself,
 * and at nothing else.
 */
import { text, int, type GraphBuilder } from '../graph-builder.ts';
import { add, multiply, softmax, subtract, sum } from '../operators.ts';
import { reshape, transpose, unsqueeze } from '../shape-operators.ts';
import { fixedDim, multiplyDims, type Dim, type Value } from '../value.ts';
import type { TableGrid } from '../weight.ts';
import { linear } from './linear.ts';

export interface DeformableAttentionShape {
  /** Channels of queries and map. */
  readonly hiddenSize: number;
  readonly headCount: number;
  /** Points that each head of a query looks at. */
  readonly pointCount: number;
}

/** What is looked at. */
export interface DeformableMemory {
  /** The places of the map row by row, [B, rows · columns, D]. */
  readonly tokens: Value;
  readonly grid: TableGrid;
  /** Where each query starts to look, across and down from 0 to 1, [B or 1, Q, 2]. */
  readonly references: Value;
}

/**
 * Σ over points of weight · value(reference + offset), then a projection; offsets, in places of the map, and weights
 * follow from the query. queries [B, Q, D] → [B, Q, D]. `name` has `.sampling_offsets`, `.attention_weights`,
 * `.value_proj` and `.output_proj`. Between places values are bilinear, beyond the map they are 0.
 * Source: transformers, models/deformable_detr (DeformableDetrMultiscaleDeformableAttention) with one feature level.
 */
export function deformableAttention(
  g: GraphBuilder,
  queries: Value,
  { tokens, grid, references }: DeformableMemory,
  name: string,
  shape: DeformableAttentionShape,
): Value {
  const { hiddenSize, headCount, pointCount } = shape;
  const [batch, count] = queries.shape as [Dim, number];
  const all = multiplyDims(headCount, batch);
  const project = (x: Value, part: string, outputs: number) =>
    linear(g, x, `${name}.${part}`, { inputs: hiddenSize, outputs, bias: true });

  const values = project(tokens, 'value_proj', hiddenSize); // [B, N, D]
  const map = reshape(g, transpose(g, values, 0, 2, 1), [
    all,
    hiddenSize / headCount,
    grid.rows,
    grid.columns,
  ]);
  const offsets = project(queries, 'sampling_offsets', 2 * headCount * pointCount);
  const places = samplingPlaces(g, offsets, references, grid, shape); // [B · H, Q, P, 2]
  const points = sampleMap(g, map, places); // [B · H, d, Q, P]

  const scores = project(queries, 'attention_weights', headCount * pointCount);
  const byHead = reshape(g, scores, [batch, count, headCount, pointCount]);
  const weights = softmax(g, transpose(g, byHead, 0, 2, 1, 3), -1); // [B, H, Q, P]
  const perHead = reshape(g, weights, [all, 1, count, pointCount]);
  g.work(pointCount * hiddenSize, [batch, count]);
  const mixed = sum(g, multiply(g, points, perHead), -1, false); // [B · H, d, Q]
  const attended = transpose(g, reshape(g, mixed, [batch, hiddenSize, count]), 0, 2, 1);
  return project(attended, 'output_proj', hiddenSize);
}

/** As `sampleMap` reads them: across and down from −1 to 1. offsets [B, Q, H · P · 2] → [B · H, Q, P, 2] */
function samplingPlaces(
  g: GraphBuilder,
  offsets: Value,
  references: Value,
  { rows, columns }: TableGrid,
  { headCount, pointCount }: DeformableAttentionShape,
): Value {
  const [batch, count] = offsets.shape as [Dim, number];
  const apart = reshape(g, offsets, [batch, count, headCount, pointCount, 2]);
  const perPlace = g.constant('float32', [2], [2 / columns, 2 / rows]);
  const moved = multiply(g, transpose(g, apart, 0, 2, 1, 3, 4), perPlace); // [B, H, Q, P, 2]
  const doubled = multiply(g, references, g.scalar('float32', 2));
  const centred = subtract(g, doubled, g.scalar('float32', 1)); // [B, Q, 2]
  const start = unsqueeze(g, unsqueeze(g, centred, 1), 3); // [B, 1, Q, 1, 2]
  return reshape(g, add(g, moved, start), [multiplyDims(headCount, batch), count, pointCount, 2]);
}

/**
 * Values of a map [M, C, rows, columns] at places [M, Q, P, 2], across and down, where −1 and 1 are its outer edges
 * (align_corners=False of torch): bilinear, zeros beyond. → [M, C, Q, P]
 */
export function sampleMap(g: GraphBuilder, map: Value, places: Value): Value {
  const [count, channels] = map.shape as [Dim, Dim];
  const [, queries, points] = places.shape as [Dim, Dim, Dim];
  // Four neighbours for each number.
  g.work(4 * fixedDim(map, 1), [count, queries, points]);
  return g.op(
    'GridSample',
    [map, places],
    { type: map.type, shape: [count, channels, queries, points] },
    {
      attributes: { mode: text('linear'), padding_mode: text('zeros'), align_corners: int(0) },
    },
  );
}
