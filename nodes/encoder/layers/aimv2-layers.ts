/** The layers of an AIMv2, and its pooling head. Nothing but the head's output adds a bias. */
import { attend } from '#engine/onnx/blocks/attention.ts';
import { noneBiased } from '#engine/onnx/blocks/attention-projections.ts';
import { gatedFeedForward } from '#engine/onnx/blocks/feed-forward.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import type { TransformerLayer } from '#engine/onnx/blocks/vision-transformer.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { repeatAs } from '#engine/onnx/shape-operators.ts';
import type { Value } from '#engine/onnx/value.ts';
import { projNames, towerAttention } from '../tower/tower-attention.ts';
import type { VisionTransformerShape } from '../tower/vision-transformer-params.ts';

export function aimv2Layers(
  g: GraphBuilder,
  shape: VisionTransformerShape,
): readonly TransformerLayer[] {
  return Array.from({ length: shape.layerCount }, (_, index): TransformerLayer => {
    const layer = `encoder.layers.${index}`;
    const names = projNames(`${layer}.attention`, 'out_proj');
    const feedForward = {
      gate: `${layer}.ffn.gate_proj`,
      up: `${layer}.ffn.up_proj`,
      down: `${layer}.ffn.down_proj`,
    };
    return {
      attentionNorm: `${layer}.rms_norm1`,
      feedForwardNorm: `${layer}.rms_norm2`,
      attention: towerAttention(g, names, shape, { ...noneBiased, output: false }),
      feedForward: (builder, normed) =>
        gatedFeedForward(builder, normed, feedForward, { ...shape, bias: false }),
    };
  });
}

/**
 * A learned query attends to all tokens; keys and values are projected, the query is not. [B, N, D] → [B, 1, D]
 * Source: transformers, models/aimv2 (Aimv2AttentionPoolingHead).
 */
export function aimv2Head(
  g: GraphBuilder,
  tokens: Value,
  { hiddenSize, headCount }: VisionTransformerShape,
): Value {
  return g.scope('pooling', () => {
    const learned = g.weight(g.tensor('head.cls_token', [1, 1, hiddenSize], 'embedding'));
    const square = { inputs: hiddenSize, outputs: hiddenSize };
    const projected = {
      query: repeatAs(g, learned, 0, tokens, 0), // [B, 1, D]
      key: linear(g, tokens, 'head.k_proj', { ...square, bias: false }),
      value: linear(g, tokens, 'head.v_proj', { ...square, bias: false }),
    };
    const attended = attend(g, projected, { headCount });
    return linear(g, attended, 'head.output_proj', { ...square, bias: true });
  });
}
