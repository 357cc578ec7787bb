/** What a Qwen2-VL tower is made of: patches of two frames, layers that look at windows or at all, and the merger. */
import { axialTable } from '#engine/onnx/axial-rotary.ts';
import { joinedProjections } from '#engine/onnx/blocks/attention-projections.ts';
import { gatedFeedForward, plainFeedForward } from '#engine/onnx/blocks/feed-forward.ts';
import { linearWeights, linearWith } from '#engine/onnx/blocks/linear.ts';
import type { Norm } from '#engine/onnx/blocks/norm.ts';
import { patchVectors } from '#engine/onnx/blocks/patch-embedding.ts';
import { mergePatches } from '#engine/onnx/blocks/patch-merger.ts';
import type { TransformerLayer } from '#engine/onnx/blocks/vision-transformer.ts';
import { attendInWindows } from '#engine/onnx/blocks/windows.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { concatenate, reshape, transpose, unsqueeze } from '#engine/onnx/shape-operators.ts';
import { fixedDim, type Dim, type Value } from '#engine/onnx/value.ts';
import type { AxialRotaryTable, TableGrid } from '#engine/onnx/weight.ts';
import { headSizeOf, rotated } from '../tower/tower-rotary.ts';
import type { VisionTransformerShape } from '../tower/vision-transformer-params.ts';

/** Patches along a side of the squares that are merged into one token, and frames that a patch holds. */
export const merged = 2;
export const framesInPatch = 2;

/** What such a tower has beside the figures of any vision transformer, by the names of its parameters. */
export interface QwenShape extends VisionTransformerShape {
  readonly normKind: 'layer' | 'rms';
  readonly gated: boolean;
  /** Side of a window in pixels; 0 for none. */
  readonly windowPixels: number;
  /** Every so many-th layer looks at the whole picture. */
  readonly globalEvery: number;
  /** Channels of a merged token. */
  readonly outputSize: number;
}

export const qwenNorm = ({ normKind, normEpsilon }: QwenShape): Norm => ({
  kind: normKind,
  epsilon: normEpsilon,
});

/** The symbol of how many pairs of frames a run has. */
export const framePairs = 'framePairs';

/**
 * A patch embedding over two frames: those of a clip two by two, a picture twice the same.
 * [views, 3, H, W] → [views or pairs, N, D]
 */
export function embedFrames(
  g: GraphBuilder,
  pixels: Value,
  { hiddenSize, patchSize }: QwenShape,
  isClip: boolean,
): Value {
  const [views, channels, height, width] = pixels.shape as [Dim, Dim, Dim, Dim];
  const layers = framesInPatch * fixedDim(pixels, 1);
  const twice = (picture: Value) => concatenate(g, [picture, picture], 2, framesInPatch); // [views, 3, 2, H, W]
  const twoByTwo = () => {
    const pairs = reshape(g, pixels, [framePairs, framesInPatch, channels, height, width]);
    return transpose(g, pairs, 0, 2, 1, 3, 4); // [pairs, 3, 2, H, W]
  };
  const frames = isClip ? twoByTwo() : twice(unsqueeze(g, pixels, 2));
  const stacked = reshape(g, frames, [isClip ? framePairs : views, layers, height, width]);
  const vectors = patchVectors(g, stacked, { patchSize, inside: 'pixels' }); // [.., N, 6 P²]
  const kernel = [hiddenSize, fixedDim(pixels, 1), framesInPatch, patchSize, patchSize];
  const of = g.tensor('patch_embed.proj.weight', kernel, 'matrix');
  const shape = [hiddenSize, layers * patchSize ** 2];
  return linearWith(g, vectors, { weight: { kind: 'reshape', of, shape }, bias: null }, 'proj');
}

export function qwenLayers(
  g: GraphBuilder,
  shape: QwenShape,
  grid: TableGrid,
): readonly TransformerLayer[] {
  const headSize = headSizeOf(shape);
  const table = axialTable({ grid, headSize, base: 10_000, prefixTokens: 0 });
  const window = windowOf(shape);
  const isOne = window >= Math.max(grid.rows, grid.columns);
  return Array.from({ length: shape.layerCount }, (_, index): TransformerLayer => {
    const layer = `blocks.${index}`;
    const isGlobal = window === 0 || isOne || (index + 1) % shape.globalEvery === 0;
    return {
      attentionNorm: `${layer}.norm1`,
      feedForwardNorm: `${layer}.norm2`,
      attention: {
        ...attention(g, `${layer}.attn`, shape, table),
        ...(!isGlobal && {
          meeting: (projected) => attendInWindows(g, projected, shape.headCount, grid, window),
        }),
      },
      feedForward: feedForward(`${layer}.mlp`, shape),
    };
  });
}

function attention(
  g: GraphBuilder,
  name: string,
  shape: QwenShape,
  table: AxialRotaryTable,
): TransformerLayer['attention'] {
  const { hiddenSize, headCount } = shape;
  const heads = { hiddenSize, headCount };
  const names = { weight: `${name}.qkv.weight`, bias: `${name}.qkv.bias` };
  const square = { inputs: hiddenSize, outputs: hiddenSize, bias: true };
  return {
    ...heads,
    projections: joinedProjections(g, names, heads),
    output: linearWeights(g, `${name}.proj`, square),
    prepare: rotated(g, shape, table, 'halves'),
  };
}

/** Patches along a side of a window, which is of whole merged squares; 0 for none. */
const windowOf = ({ windowPixels, patchSize }: QwenShape): number =>
  merged * Math.floor(windowPixels / (merged * patchSize));

function feedForward(name: string, shape: QwenShape): TransformerLayer['feedForward'] {
  const figures = { ...shape, bias: true };
  if (!shape.gated) {
    const plain = { up: `${name}.fc1`, down: `${name}.fc2` };
    return (g, normed) => plainFeedForward(g, normed, plain, figures);
  }
  const gated = { gate: `${name}.gate_proj`, up: `${name}.up_proj`, down: `${name}.down_proj` };
  return (g, normed) => gatedFeedForward(g, normed, gated, figures);
}

/** Each square of four patches as one token. [B, N, D] → [B, N / 4, outputSize] */
export const mergeSquares = (
  g: GraphBuilder,
  patches: Value,
  shape: QwenShape,
  grid: TableGrid,
): Value =>
  g.scope('merger', () => {
    const names = { norm: 'merger.ln_q', up: 'merger.mlp.0', down: 'merger.mlp.2' };
    const { hiddenSize: inputs, outputSize: outputs } = shape;
    const figures = { inputs, outputs, factor: merged, norm: qwenNorm(shape) };
    return mergePatches(g, patches, names, grid, figures);
  });
