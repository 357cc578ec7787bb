/** The layers of a plain vision transformer, under the names of the Hugging Face library. */
import { plainFeedForward } from '#engine/onnx/blocks/feed-forward.ts';
import type { TransformerLayer } from '#engine/onnx/blocks/vision-transformer.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { libraryAttention } from '../tower/tower-attention.ts';
import type { VisionTransformerShape } from '../tower/vision-transformer-params.ts';

export function vitLayers(
  g: GraphBuilder,
  shape: VisionTransformerShape,
): readonly TransformerLayer[] {
  return Array.from({ length: shape.layerCount }, (_, index): TransformerLayer => {
    const layer = `encoder.layer.${index}`;
    const feedForward = { up: `${layer}.intermediate.dense`, down: `${layer}.output.dense` };
    return {
      attentionNorm: `${layer}.layernorm_before`,
      feedForwardNorm: `${layer}.layernorm_after`,
      attention: libraryAttention(g, layer, shape),
      feedForward: (builder, normed) =>
        plainFeedForward(builder, normed, feedForward, { ...shape, bias: true }),
    };
  });
}
