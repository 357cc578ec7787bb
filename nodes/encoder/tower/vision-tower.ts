/** What the towers of CLIP, SigLIP and those made from SigLIP share, under the names of their published tensors. */
import { plainFeedForward } from '#engine/onnx/blocks/feed-forward.ts';
import { norm } from '#engine/onnx/blocks/norm.ts';
import { patchEmbedding, patchGrid } from '#engine/onnx/blocks/patch-embedding.ts';
import {
  learnedPositions,
  positionedTokens,
  type PositionTable,
} from '#engine/onnx/blocks/position-table.ts';
import type { TransformerLayer } from '#engine/onnx/blocks/vision-transformer.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { Value } from '#engine/onnx/value.ts';
import type { WireOf } from '#engine/node/wire.ts';
import { projNames, towerAttention } from './tower-attention.ts';
import { layerNormOf } from './transformer-tower.ts';
import {
  trainedGrid,
  type Positions,
  type VisionTransformerShape,
} from './vision-transformer-params.ts';

export const patchEmbeddingName = 'embeddings.patch_embedding';

export function towerPositions(
  g: GraphBuilder,
  shape: VisionTransformerShape,
  prefixTokens: number,
  positions: Positions,
): PositionTable {
  return learnedPositions(g, 'embeddings.position_embedding.weight', shape.hiddenSize, {
    prefixTokens,
    trained: trainedGrid(shape),
    kernel: 'bicubic',
    antialias: positions === 'antialiased',
  });
}

/** CLIP's way into its layers: patches, a class token, positions and a norm. [B, 3, H, W] → [B, 1 + N, D] */
export function clipEmbedding(
  g: GraphBuilder,
  pixels: Value,
  shape: VisionTransformerShape,
  positions: Positions,
  picture: WireOf<'pixels'>,
): Value {
  const { patchSize, hiddenSize } = shape;
  const embedding = { patchSize, hiddenSize, bias: false };
  const patches = patchEmbedding(g, pixels, patchEmbeddingName, embedding);
  const classToken = g.tensor('embeddings.class_embedding', [hiddenSize], 'embedding');
  const embedded = positionedTokens(
    g,
    patches,
    [{ of: classToken, count: 1 }],
    towerPositions(g, shape, 1, positions),
    patchGrid(picture, shape),
  ); // [B, 1 + N, D]
  return norm(g, embedded, 'pre_layrnorm', layerNormOf(shape));
}

export function towerLayers(
  g: GraphBuilder,
  shape: VisionTransformerShape,
): readonly TransformerLayer[] {
  return Array.from({ length: shape.layerCount }, (_, index): TransformerLayer => {
    const layer = `encoder.layers.${index}`;
    const names = projNames(`${layer}.self_attn`, 'out_proj');
    const feedForward = { up: `${layer}.mlp.fc1`, down: `${layer}.mlp.fc2` };
    return {
      attentionNorm: `${layer}.layer_norm1`,
      feedForwardNorm: `${layer}.layer_norm2`,
      attention: towerAttention(g, names, shape),
      feedForward: (builder, normed) =>
        plainFeedForward(builder, normed, feedForward, { ...shape, bias: true }),
    };
  });
}
