/** What the towers of CLIP, SigLIP and those made from SigLIP share, under the names of their published tensors. */
import { plainFeedForward } from '#engine/onnx/blocks/feed-forward.ts';
import { learnedPositions, type PositionTable } from '#engine/onnx/blocks/position-table.ts';
import type { TransformerLayer } from '#engine/onnx/blocks/vision-transformer.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { projNames, towerAttention } from './tower-attention.ts';
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
