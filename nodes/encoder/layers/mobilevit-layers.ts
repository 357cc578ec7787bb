/** MobileViT's block: a transformer over places that lie a patch apart, between convolutions. Source: 2110.02178. */
import { allBiased, separateProjections } from '#engine/onnx/blocks/attention-projections.ts';
import { convolution } from '#engine/onnx/blocks/convolution.ts';
import { plainFeedForward } from '#engine/onnx/blocks/feed-forward.ts';
import { linearWeights } from '#engine/onnx/blocks/linear.ts';
import { norm, type Norm } from '#engine/onnx/blocks/norm.ts';
import { resizeMap } from '#engine/onnx/blocks/resize.ts';
import {
  transformerLayers,
  type TransformerLayer,
} from '#engine/onnx/blocks/vision-transformer.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { concatenate, reshape, transpose } from '#engine/onnx/shape-operators.ts';
import { fixedDim, multiplyDims, type Dim, type Value } from '#engine/onnx/value.ts';
import type { TableGrid } from '#engine/onnx/weight.ts';
import { normedLayer } from './mobilevit-stages.ts';

export interface MobileVitTransformer {
  /** Channels of its tokens. */
  readonly hiddenSize: number;
  readonly layerCount: number;
  readonly headCount: number;
  /** Channels inside the feed-forward for each outside. */
  readonly feedForwardRatio: number;
}

/** Places along one side of a patch. */
export const patchSide = 2;

const layerNorm: Norm = { kind: 'layer', epsilon: 1e-5 };

/**
 * Neighbours first, then the whole map, then both together. [B, C, H, W] → the same; a map whose sides are odd is
 * stretched for the transformer, and shrunk again.
 */
export function mobileVitBlock(
  g: GraphBuilder,
  map: Value,
  name: string,
  { hiddenSize, ...rest }: MobileVitTransformer,
): Value {
  const channels = fixedDim(map, 1);
  const size = { rows: fixedDim(map, 2), columns: fixedDim(map, 3) };
  const same = { inputs: channels, outputs: channels, kernel: 3 };
  const near = normedLayer(g, map, `${name}.conv_kxk`, same, true);
  const into = { inputs: channels, outputs: hiddenSize, kernel: 1, bias: false };
  const wide = convolution(g, near, `${name}.conv_1x1`, into); // [B, D, H, W]
  const whole = { rows: inPatches(size.rows), columns: inPatches(size.columns) };
  const tokens = unfold(g, resized(g, wide, whole)); // [B · p², N, D]
  const layers = transformer(g, `${name}.transformer`, { hiddenSize, ...rest });
  const attended = transformerLayers(g, tokens, layers, {
    norm: layerNorm,
    count: layers.length,
    queryKey: false,
  });
  const normed = norm(g, attended, `${name}.norm`, layerNorm);
  const seen = resized(g, fold(g, normed, map.shape[0] as Dim, whole), size);
  const back = { inputs: hiddenSize, outputs: channels, kernel: 1 };
  const far = normedLayer(g, seen, `${name}.conv_proj`, back, true);
  const both = concatenate(g, [map, far], 1, 2 * channels);
  return normedLayer(g, both, `${name}.conv_fusion`, { ...same, inputs: 2 * channels }, true);
}

/** So many places and those that are missing to a whole patch. */
export const inPatches = (places: number): number => patchSide * Math.ceil(places / patchSide);

function resized(g: GraphBuilder, map: Value, to: TableGrid): Value {
  const isSame = map.shape[2] === to.rows && map.shape[3] === to.columns;
  return isSame ? map : resizeMap(g, map, to, { kernel: 'bilinear' });
}

/** Each token meets those at the same place of all other patches. [B, D, H, W] → [B · p², N, D] */
function unfold(g: GraphBuilder, map: Value): Value {
  const [batch, width] = [map.shape[0] as Dim, fixedDim(map, 1)];
  const [rows, columns] = [fixedDim(map, 2) / patchSide, fixedDim(map, 3) / patchSide];
  const apart = reshape(g, map, [batch, width, rows, patchSide, columns, patchSide]);
  const ordered = transpose(g, apart, 0, 3, 5, 2, 4, 1); // [B, p, p, rows, columns, D]
  return reshape(g, ordered, [multiplyDims(patchSide ** 2, batch), rows * columns, width]);
}

/** [B · p², N, D] → [B, D, H, W] */
function fold(g: GraphBuilder, tokens: Value, batch: Dim, size: TableGrid): Value {
  const width = fixedDim(tokens, 2);
  const [rows, columns] = [size.rows / patchSide, size.columns / patchSide];
  const apart = reshape(g, tokens, [batch, patchSide, patchSide, rows, columns, width]);
  const ordered = transpose(g, apart, 0, 5, 3, 1, 4, 2); // [B, D, rows, p, columns, p]
  return reshape(g, ordered, [batch, width, size.rows, size.columns]);
}

function transformer(
  g: GraphBuilder,
  name: string,
  { hiddenSize, layerCount, headCount, feedForwardRatio }: MobileVitTransformer,
): readonly TransformerLayer[] {
  const heads = { hiddenSize, headCount };
  const square = { inputs: hiddenSize, outputs: hiddenSize, bias: true };
  const inner = {
    hiddenSize,
    feedForwardSize: Math.max(1, Math.trunc(hiddenSize * feedForwardRatio)),
    activation: 'silu',
    bias: true,
  } as const;
  return Array.from({ length: layerCount }, (_, index): TransformerLayer => {
    const layer = `${name}.${index}`;
    const attention = `${layer}.attn`;
    const names = {
      query: `${attention}.query`,
      key: `${attention}.key`,
      value: `${attention}.value`,
    };
    const feedForward = { up: `${layer}.mlp.fc1`, down: `${layer}.mlp.fc2` };
    return {
      attentionNorm: `${layer}.norm1`,
      feedForwardNorm: `${layer}.norm2`,
      attention: {
        ...heads,
        projections: separateProjections(g, names, heads, allBiased),
        output: linearWeights(g, `${attention}.proj`, square),
      },
      feedForward: (builder, normed) => plainFeedForward(builder, normed, feedForward, inner),
    };
  });
}
