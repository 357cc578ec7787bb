/** The layers of an EVA-02: attention with rotary positions, SwiGLU, and norms inside either. */
import { stretchedAxialTable } from '#engine/onnx/axial-rotary.ts';
import { activate } from '#engine/onnx/blocks/feed-forward.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { norm } from '#engine/onnx/blocks/norm.ts';
import type { TransformerLayer } from '#engine/onnx/blocks/vision-transformer.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { multiply } from '#engine/onnx/operators.ts';
import type { AxialRotaryTable, TableGrid } from '#engine/onnx/weight.ts';
import { projNames, queryValueBiased, towerAttention } from '../tower/tower-attention.ts';
import { headSizeOf, rotated } from '../tower/tower-rotary.ts';
import { layerNormOf, type FinalNorm } from '../tower/transformer-tower.ts';
import type { VisionTransformerShape } from '../tower/vision-transformer-params.ts';

/** What an EVA-02 has beside the figures of any vision transformer, by the names of its parameters. */
export interface Eva02Shape extends VisionTransformerShape {
  readonly rotaryGrid: number;
  readonly innerNorms: 'none' | 'feed-forward' | 'both';
  readonly finalNorm: FinalNorm['of'];
}

/** Of a picture whose patches make this grid, behind a class token. */
export function eva02Layers(
  g: GraphBuilder,
  shape: Eva02Shape,
  grid: TableGrid,
): readonly TransformerLayer[] {
  const table = stretchedAxialTable({
    grid,
    headSize: headSizeOf(shape),
    base: 10_000,
    prefixTokens: 1,
    trainedGrid: { rows: shape.rotaryGrid, columns: shape.rotaryGrid },
  });
  return Array.from({ length: shape.layerCount }, (_, index): TransformerLayer => {
    const layer = `blocks.${index}`;
    return {
      attentionNorm: `${layer}.norm1`,
      feedForwardNorm: `${layer}.norm2`,
      attention: attention(g, `${layer}.attn`, shape, table),
      feedForward: feedForward(`${layer}.mlp`, shape),
    };
  });
}

function attention(
  g: GraphBuilder,
  name: string,
  shape: Eva02Shape,
  table: AxialRotaryTable,
): TransformerLayer['attention'] {
  const turned = {
    ...towerAttention(g, projNames(name, 'proj'), shape, queryValueBiased),
    prepare: rotated(g, shape, table, 'neighbours'),
  };
  if (shape.innerNorms !== 'both') return turned;
  return {
    ...turned,
    finish: (attended) => norm(g, attended, `${name}.norm`, layerNormOf(shape)),
  };
}

function feedForward(name: string, shape: Eva02Shape): TransformerLayer['feedForward'] {
  const { hiddenSize, feedForwardSize, activation, innerNorms } = shape;
  const wide = { inputs: hiddenSize, outputs: feedForwardSize, bias: true };
  const narrow = { inputs: feedForwardSize, outputs: hiddenSize, bias: true };
  return (g, normed) => {
    const gate = activate(g, linear(g, normed, `${name}.fc1_g`, wide), activation);
    const gated = multiply(g, gate, linear(g, normed, `${name}.fc1_x`, wide)); // [B, N, F]
    const inner =
      innerNorms === 'none' ? gated : norm(g, gated, `${name}.norm`, layerNormOf(shape));
    return linear(g, inner, `${name}.fc2`, narrow);
  };
}
