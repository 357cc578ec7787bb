/** Attention by ReLU in place of softmax, at several scales: its cost grows with the places, not with their square. */
import { scores } from '#engine/onnx/blocks/attention-heads.ts';
import { convolution, depthwiseConvolution, samePadding } from '#engine/onnx/blocks/convolution.ts';
import { activate } from '#engine/onnx/blocks/feed-forward.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { add, divide, matmul, sum } from '#engine/onnx/operators.ts';
import { concatenate, reshape, split, transpose } from '#engine/onnx/shape-operators.ts';
import { fixedDim, type Dim, type Value } from '#engine/onnx/value.ts';

export interface LinearAttentionShape {
  readonly headCount: number;
  readonly headSize: number;
}

const epsilon = 1e-5;

/** Places that a query, key or value of the second scale sees along one side. */
const neighbourhood = 5;

/**
 * Heads over the map itself, then as many over what `aggreg.0` gathers from each neighbourhood. `name` has `qkv.conv`,
 * `aggreg.0.0` and `aggreg.0.1`. [B, D, H, W] → [B, 2 · heads · d, H, W]. Source: EfficientViT, 2205.14756.
 */
export function multiScaleAttention(
  g: GraphBuilder,
  map: Value,
  name: string,
  { headCount, headSize }: LinearAttentionShape,
): Value {
  const channels = 3 * headCount * headSize;
  const [batch, inputs] = [map.shape[0] as Dim, fixedDim(map, 1)];
  const [rows, columns] = [fixedDim(map, 2), fixedDim(map, 3)];
  const across = { inputs, outputs: channels, kernel: 1, bias: false };
  const near = convolution(g, map, `${name}.qkv.conv`, across); // [B, 3 · heads · d, H, W]
  const around = { kernel: neighbourhood, padding: samePadding(neighbourhood), bias: false };
  const gathered = depthwiseConvolution(g, near, `${name}.aggreg.0.0`, around);
  const mixing = { inputs: channels, outputs: channels, kernel: 1, bias: false };
  const far = convolution(g, gathered, `${name}.aggreg.0.1`, { ...mixing, groups: 3 * headCount });
  const scales = concatenate(g, [near, far], 1, 2 * channels);
  const heads = reshape(g, scales, [batch, 2 * headCount, 3 * headSize, rows * columns]);
  const [query, key, value] = split(g, heads, 2, [headSize, headSize, headSize]) as [
    Value,
    Value,
    Value,
  ]; // [B, 2 · heads, d, N] each
  const attended = reluAttention(g, query, key, value); // [B, 2 · heads, d, N]
  return reshape(g, attended, [batch, 2 * headCount * headSize, rows, columns]);
}

/** q (kᵀ v) / (q Σ k), of queries and keys that are not negative. All [B, heads, d, N]. */
function reluAttention(g: GraphBuilder, query: Value, key: Value, value: Value): Value {
  const [batch, headCount, size, places] = query.shape as [Dim, number, number, number];
  const [asked, found] = [activate(g, query, 'relu'), activate(g, key, 'relu')];
  g.work(headCount * size * size * places, [batch]);
  const memory = scores(g, value, found, 1); // [B, heads, d, d]
  const weight = transpose(g, sum(g, found, 3, true), 0, 1, 3, 2); // [B, heads, 1, d]
  const both = matmul(g, concatenate(g, [memory, weight], 2, size + 1), asked); // [B, heads, d + 1, N]
  const [mixed, share] = split(g, both, 2, [size, 1]) as [Value, Value];
  return divide(g, mixed, add(g, share, g.scalar('float32', epsilon)));
}
