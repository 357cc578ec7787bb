/** What the towers of Qwen-VL and Monkey are made of, under the names of their published tensors. */
import { headwiseProjections } from '#engine/onnx/blocks/attention-projections.ts';
import { plainFeedForward } from '#engine/onnx/blocks/feed-forward.ts';
import { linearWeights } from '#engine/onnx/blocks/linear.ts';
import { norm } from '#engine/onnx/blocks/norm.ts';
import { patchEmbedding } from '#engine/onnx/blocks/patch-embedding.ts';
import { learnedPositions, positionedTokens } from '#engine/onnx/blocks/position-table.ts';
import type { TransformerLayer } from '#engine/onnx/blocks/vision-transformer.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { Value } from '#engine/onnx/value.ts';
import type { TableGrid } from '#engine/onnx/weight.ts';
import { layerNormOf } from '../tower/transformer-tower.ts';
import type { VisionTransformerShape } from '../tower/vision-transformer-params.ts';

export interface QwenVlShape extends VisionTransformerShape {
  /** Patches along a side of the square that positions were first trained on. */
  readonly positionSide: number;
}

/** Patches, stretched positions and a norm. [B, 3, H, W] → [B, N, D] */
export function qwenVlEmbedding(
  g: GraphBuilder,
  pixels: Value,
  shape: QwenVlShape,
  grid: TableGrid,
): Value {
  const { hiddenSize, patchSize, positionSide } = shape;
  const embedding = { patchSize, hiddenSize, bias: false };
  const patches = patchEmbedding(g, pixels, 'conv1', embedding);
  const positions = learnedPositions(g, 'positional_embedding', hiddenSize, {
    prefixTokens: 0,
    trained: { rows: positionSide, columns: positionSide },
    kernel: 'bicubic',
    antialias: false,
  });
  const embedded = positionedTokens(g, patches, [], positions, grid);
  return norm(g, embedded, 'ln_pre', layerNormOf(shape));
}

/** Source: Qwen/Qwen-VL, visual.py (VisualAttentionBlock). */
export function qwenVlLayers(g: GraphBuilder, shape: QwenVlShape): readonly TransformerLayer[] {
  const { hiddenSize, headCount, layerCount } = shape;
  const heads = { hiddenSize, headCount };
  const square = { inputs: hiddenSize, outputs: hiddenSize, bias: true };
  return Array.from({ length: layerCount }, (_, index): TransformerLayer => {
    const layer = `transformer.resblocks.${index}`;
    const feedForward = { up: `${layer}.mlp.c_fc`, down: `${layer}.mlp.c_proj` };
    return {
      attentionNorm: `${layer}.ln_1`,
      feedForwardNorm: `${layer}.ln_2`,
      attention: {
        ...heads,
        projections: headwiseProjections(g, `${layer}.attn.in_proj`, heads),
        output: linearWeights(g, `${layer}.attn.out_proj`, square),
      },
      feedForward: (builder, normed) =>
        plainFeedForward(builder, normed, feedForward, { ...shape, bias: true }),
    };
  });
}
