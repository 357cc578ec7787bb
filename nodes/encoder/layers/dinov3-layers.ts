/** The layers of a DINOv3: attention with rotary positions and a feed-forward, each times a learned factor a channel. */
import { centredAxialTable } from '#engine/onnx/axial-rotary.ts';
import { gatedFeedForwardWith, plainFeedForwardWith } from '#engine/onnx/blocks/feed-forward.ts';
import { linearWeights, scaleOutputs } from '#engine/onnx/blocks/linear.ts';
import type { TransformerLayer } from '#engine/onnx/blocks/vision-transformer.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { TableGrid } from '#engine/onnx/weight.ts';
import { projNames, towerAttention } from '../tower/tower-attention.ts';
import { headSizeOf, rotated } from '../tower/tower-rotary.ts';
import type { VisionTransformerShape } from '../tower/vision-transformer-params.ts';

/** What a DINOv3 has beside the figures of any vision transformer, by the names of its parameters. */
export interface Dinov3Shape extends VisionTransformerShape {
  readonly registerCount: number;
  readonly gated: boolean;
  readonly queryValueBias: boolean;
  readonly rotaryBase: number;
}

/** Class token and registers. */
export const prefixOf = ({ registerCount }: Dinov3Shape): number => 1 + registerCount;

/** Of a picture whose patches make this grid, behind class token and registers. */
export function dinov3Layers(
  g: GraphBuilder,
  shape: Dinov3Shape,
  grid: TableGrid,
): readonly TransformerLayer[] {
  const { rotaryBase: base, queryValueBias: bias } = shape;
  const headSize = headSizeOf(shape);
  const table = centredAxialTable({ grid, headSize, base, prefixTokens: prefixOf(shape) });
  return Array.from({ length: shape.layerCount }, (_, index): TransformerLayer => {
    const layer = `layer.${index}`;
    const biases = { query: bias, key: false, value: bias };
    const attention = towerAttention(g, projNames(`${layer}.attention`, 'o_proj'), shape, biases);
    return {
      attentionNorm: `${layer}.norm1`,
      feedForwardNorm: `${layer}.norm2`,
      attention: {
        ...attention,
        output: scaleOutputs(g, attention.output, `${layer}.layer_scale1.lambda1`),
        prepare: rotated(g, shape, table, 'halves'),
      },
      feedForward: feedForward(g, layer, shape),
    };
  });
}

function feedForward(
  g: GraphBuilder,
  layer: string,
  { hiddenSize, feedForwardSize, gated, activation }: Dinov3Shape,
): TransformerLayer['feedForward'] {
  const weights = (name: string, inputs: number, outputs: number) =>
    linearWeights(g, `${layer}.mlp.${name}`, { inputs, outputs, bias: true });
  const up = weights('up_proj', hiddenSize, feedForwardSize);
  const unscaled = weights('down_proj', feedForwardSize, hiddenSize);
  const down = scaleOutputs(g, unscaled, `${layer}.layer_scale2.lambda1`);
  if (!gated) return (builder, x) => plainFeedForwardWith(builder, x, { up, down }, activation);
  const gate = weights('gate_proj', hiddenSize, feedForwardSize);
  return (builder, x) => gatedFeedForwardWith(builder, x, { gate, up, down }, activation);
}
