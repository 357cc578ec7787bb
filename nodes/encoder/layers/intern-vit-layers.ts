/** The layers of an InternViT: halves times a learned factor a channel; the 6B norms queries and keys. */
import { plainFeedForwardWith } from '#engine/onnx/blocks/feed-forward.ts';
import { linearWeights, scaleOutputs } from '#engine/onnx/blocks/linear.ts';
import { norm, type Norm } from '#engine/onnx/blocks/norm.ts';
import type { TransformerLayer } from '#engine/onnx/blocks/vision-transformer.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { projNames, towerAttention } from '../tower/tower-attention.ts';
import type { VisionTransformerShape } from '../tower/vision-transformer-params.ts';

/** What an InternViT has beside the figures of any vision transformer, by the names of its parameters. */
export interface InternVitShape extends VisionTransformerShape {
  readonly normKind: 'layer' | 'rms';
  readonly projectionBias: boolean;
  readonly normedQueryKey: boolean;
}

export const internVitNorm = ({ normKind, normEpsilon }: InternVitShape): Norm => ({
  kind: normKind,
  epsilon: normEpsilon,
});

export function internVitLayers(
  g: GraphBuilder,
  shape: InternVitShape,
): readonly TransformerLayer[] {
  const { hiddenSize, feedForwardSize, activation } = shape;
  return Array.from({ length: shape.layerCount }, (_, index): TransformerLayer => {
    const layer = `encoder.layer.${index}`;
    const weights = (name: string, inputs: number, outputs: number) =>
      linearWeights(g, `${layer}.mlp.${name}`, { inputs, outputs, bias: true });
    const down = weights('fc2', feedForwardSize, hiddenSize);
    const feedForward = {
      up: weights('fc1', hiddenSize, feedForwardSize),
      down: scaleOutputs(g, down, `${layer}.lambda_2`),
    };
    return {
      attentionNorm: `${layer}.layernorm_before`,
      feedForwardNorm: `${layer}.layernorm_after`,
      attention: attention(g, layer, shape),
      feedForward: (builder, normed) =>
        plainFeedForwardWith(builder, normed, feedForward, activation),
    };
  });
}

function attention(
  g: GraphBuilder,
  layer: string,
  shape: InternVitShape,
): TransformerLayer['attention'] {
  const { projectionBias: biased, normedQueryKey, normEpsilon } = shape;
  const name = `${layer}.attention`;
  const biases = { query: biased, key: biased, value: biased };
  const plain = towerAttention(g, projNames(name, 'projection_layer'), shape, biases);
  const scaled = { ...plain, output: scaleOutputs(g, plain.output, `${layer}.lambda_1`) };
  if (!normedQueryKey) return scaled;
  const kind: Norm = { kind: 'rms', epsilon: normEpsilon };
  return {
    ...scaled,
    // Over all heads at once, [B, N, D].
    prepare: ({ query, key, value }) => ({
      query: norm(g, query, `${name}.q_norm`, kind),
      key: norm(g, key, `${name}.k_norm`, kind),
      value,
    }),
  };
}
