/** The layers of a plain vision transformer, under the names of the Hugging Face library. */
import { allBiased, separateProjections } from '#engine/onnx/blocks/attention-projections.ts';
import { plainFeedForward } from '#engine/onnx/blocks/feed-forward.ts';
import { linearWeights } from '#engine/onnx/blocks/linear.ts';
import type { TransformerLayer } from '#engine/onnx/blocks/vision-transformer.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { VisionTransformerShape } from './vision-transformer-params.ts';

export function vitLayers(
  g: GraphBuilder,
  shape: VisionTransformerShape,
): readonly TransformerLayer[] {
  const { hiddenSize, headCount, layerCount } = shape;
  const square = { inputs: hiddenSize, outputs: hiddenSize, bias: true };
  const heads = { hiddenSize, headCount };
  return Array.from({ length: layerCount }, (_, index): TransformerLayer => {
    const layer = `encoder.layer.${index}`;
    const attention = `${layer}.attention.attention`;
    const names = {
      query: `${attention}.query`,
      key: `${attention}.key`,
      value: `${attention}.value`,
    };
    const feedForward = { up: `${layer}.intermediate.dense`, down: `${layer}.output.dense` };
    return {
      attentionNorm: `${layer}.layernorm_before`,
      feedForwardNorm: `${layer}.layernorm_after`,
      attention: {
        ...heads,
        projections: separateProjections(g, names, heads, allBiased),
        output: linearWeights(g, `${layer}.attention.output.dense`, square),
      },
      feedForward: (builder, normed) =>
        plainFeedForward(builder, normed, feedForward, { ...shape, bias: true }),
    };
  });
}
