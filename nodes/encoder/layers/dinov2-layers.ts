/** The layers of a DINOv2: attention and feed-forward, each times a learned factor a channel. */
import { gatedFeedForwardWith, plainFeedForwardWith } from '#engine/onnx/blocks/feed-forward.ts';
import { linearWeights, rowsOf, scaleOutputs } from '#engine/onnx/blocks/linear.ts';
import type { TransformerLayer } from '#engine/onnx/blocks/vision-transformer.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { libraryAttention } from '../tower/tower-attention.ts';
import type { VisionTransformerShape } from '../tower/vision-transformer-params.ts';

/** What a DINOv2 has beside the figures of any vision transformer, by the names of its parameters. */
export interface Dinov2Shape extends VisionTransformerShape {
  readonly gated: boolean;
  readonly registerCount: number;
}

export function dinov2Layers(g: GraphBuilder, shape: Dinov2Shape): readonly TransformerLayer[] {
  return Array.from({ length: shape.layerCount }, (_, index): TransformerLayer => {
    const layer = `encoder.layer.${index}`;
    const attention = libraryAttention(g, layer, shape);
    return {
      attentionNorm: `${layer}.norm1`,
      feedForwardNorm: `${layer}.norm2`,
      attention: {
        ...attention,
        output: scaleOutputs(g, attention.output, `${layer}.layer_scale1.lambda1`),
      },
      feedForward: feedForward(g, layer, shape),
    };
  });
}

function feedForward(
  g: GraphBuilder,
  layer: string,
  { hiddenSize, feedForwardSize, gated, activation }: Dinov2Shape,
): TransformerLayer['feedForward'] {
  const weights = (name: string, inputs: number, outputs: number) =>
    linearWeights(g, `${layer}.mlp.${name}`, { inputs, outputs, bias: true });
  const scaled = (name: string) =>
    scaleOutputs(g, weights(name, feedForwardSize, hiddenSize), `${layer}.layer_scale2.lambda1`);
  if (!gated) {
    const plain = { up: weights('fc1', hiddenSize, feedForwardSize), down: scaled('fc2') };
    return (builder, normed) => plainFeedForwardWith(builder, normed, plain, activation);
  }
  const joined = weights('weights_in', hiddenSize, 2 * feedForwardSize);
  const swiGlu = {
    gate: rowsOf(joined, 0, feedForwardSize),
    up: rowsOf(joined, feedForwardSize, feedForwardSize),
    down: scaled('weights_out'),
  };
  return (builder, normed) => gatedFeedForwardWith(builder, normed, swiGlu, activation);
}
