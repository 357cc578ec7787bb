/** MobileViT V2's block: attention in which one score a place stands for all comparisons. Source: 2206.02680. */
import { wholeNorm } from '#engine/onnx/blocks/channel-norm.ts';
import { convolution } from '#engine/onnx/blocks/convolution.ts';
import { activate } from '#engine/onnx/blocks/feed-forward.ts';
import { resizeMap } from '#engine/onnx/blocks/resize.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { add, multiply, softmax, sum } from '#engine/onnx/operators.ts';
import { reshape, split, transpose } from '#engine/onnx/shape-operators.ts';
import { fixedDim, type Dim, type Value } from '#engine/onnx/value.ts';
import { inPatches, patchSide } from './mobilevit-layers.ts';
import { normedLayer } from './mobilevit-stages.ts';

export interface SeparableTransformer {
  /** Channels of its tokens. */
  readonly hiddenSize: number;
  readonly layerCount: number;
  /** Channels inside the feed-forward for each outside. */
  readonly feedForwardRatio: number;
}

const normEpsilon = 1e-5;

/**
 * Neighbours first, then the whole map. [B, C, H, W] → the same, stretched to whole patches where its sides are odd,
 * as the authors do.
 */
export function separableBlock(
  g: GraphBuilder,
  given: Value,
  name: string,
  transformer: SeparableTransformer,
): Value {
  const map = inWholePatches(g, given);
  const channels = fixedDim(map, 1);
  const { hiddenSize, layerCount } = transformer;
  const around = { inputs: channels, outputs: channels, kernel: 3, groups: channels };
  const near = normedLayer(g, map, `${name}.conv_kxk`, around, true);
  const into = { inputs: channels, outputs: hiddenSize, kernel: 1, bias: false };
  let tokens = unfold(g, convolution(g, near, `${name}.conv_1x1`, into)); // [B, D, p², N]
  for (let index = 0; index < layerCount; index++) {
    const layer = `${name}.transformer.${index}`;
    tokens = g.scope(`layers.${index}`, () => separableLayer(g, tokens, layer, transformer));
  }
  const normed = wholeNorm(g, tokens, `${name}.norm`, normEpsilon);
  const back = { inputs: hiddenSize, outputs: channels, kernel: 1 };
  return normedLayer(g, fold(g, normed, map), `${name}.conv_proj`, back, false);
}

function inWholePatches(g: GraphBuilder, map: Value): Value {
  const [rows, columns] = [inPatches(fixedDim(map, 2)), inPatches(fixedDim(map, 3))];
  if (map.shape[2] === rows && map.shape[3] === columns) return map;
  return resizeMap(g, map, { rows, columns }, { kernel: 'bilinear', alignCorners: true });
}

/** x + attention(norm(x)), then x + feedForward(norm(x)). [B, D, p², N] → the same */
function separableLayer(
  g: GraphBuilder,
  x: Value,
  name: string,
  { hiddenSize, feedForwardRatio }: SeparableTransformer,
): Value {
  const normed = wholeNorm(g, x, `${name}.norm1`, normEpsilon);
  const attended = add(g, x, separableAttention(g, normed, `${name}.attn`));
  const inner = Math.max(1, Math.trunc(hiddenSize * feedForwardRatio));
  const up = { inputs: hiddenSize, outputs: inner, kernel: 1, bias: true };
  const down = { inputs: inner, outputs: hiddenSize, kernel: 1, bias: true };
  const ready = wholeNorm(g, attended, `${name}.norm2`, normEpsilon);
  const active = activate(g, convolution(g, ready, `${name}.mlp.fc1`, up), 'silu');
  return add(g, attended, convolution(g, active, `${name}.mlp.fc2`, down));
}

/**
 * The keys of all places, weighed by one softmax, are one context; each place's value lets part of it through.
 * [B, D, p², N] → the same
 */
function separableAttention(g: GraphBuilder, x: Value, name: string): Value {
  const width = fixedDim(x, 1);
  const projection = { inputs: width, outputs: 1 + 2 * width, kernel: 1, bias: true };
  const all = convolution(g, x, `${name}.qkv_proj`, projection);
  const [score, key, value] = split(g, all, 1, [1, width, width]) as [Value, Value, Value];
  g.work(width * fixedDim(x, 2) * fixedDim(x, 3), [x.shape[0] as Dim]);
  const context = sum(g, multiply(g, key, softmax(g, score, 3)), 3, true); // [B, D, p², 1]
  const gated = multiply(g, activate(g, value, 'relu'), context);
  const square = { inputs: width, outputs: width, kernel: 1, bias: true };
  return convolution(g, gated, `${name}.out_proj`, square);
}

/** [B, D, H, W] → [B, D, p², N]: the places of a patch, and the patches. */
function unfold(g: GraphBuilder, map: Value): Value {
  const [batch, width] = [map.shape[0] as Dim, fixedDim(map, 1)];
  const [rows, columns] = [fixedDim(map, 2) / patchSide, fixedDim(map, 3) / patchSide];
  const apart = reshape(g, map, [batch, width, rows, patchSide, columns, patchSide]);
  const ordered = transpose(g, apart, 0, 1, 3, 5, 2, 4);
  return reshape(g, ordered, [batch, width, patchSide ** 2, rows * columns]);
}

/** The way back, to places of `map`. [B, D, p², N] → [B, D, H, W] */
function fold(g: GraphBuilder, tokens: Value, map: Value): Value {
  const [batch, width] = [tokens.shape[0] as Dim, fixedDim(tokens, 1)];
  const [height, length] = [fixedDim(map, 2), fixedDim(map, 3)];
  const [rows, columns] = [height / patchSide, length / patchSide];
  const apart = reshape(g, tokens, [batch, width, patchSide, patchSide, rows, columns]);
  const ordered = transpose(g, apart, 0, 1, 4, 2, 5, 3);
  return reshape(g, ordered, [batch, width, height, length]);
}
