/** The stages of a Swin: layers that look at windows, every second of them shifted, and the step to the next stage. */
import { plainFeedForward } from '#engine/onnx/blocks/feed-forward.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { norm, type Norm } from '#engine/onnx/blocks/norm.ts';
import { relativeBias } from '#engine/onnx/blocks/windows.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { add } from '#engine/onnx/operators.ts';
import { fixedDim, type Value } from '#engine/onnx/value.ts';
import type { SwinGround } from './swin-ground.ts';
import type { SwinFigures, SwinStage } from './swin-shape.ts';
import { towerAttention } from '../tower/tower-attention.ts';

export const swinNorm = ({ normEpsilon }: SwinFigures): Norm => ({
  kind: 'layer',
  epsilon: normEpsilon,
});

/** All layers of one stage, on its ground. */
export function swinStage(
  g: GraphBuilder,
  tokens: Value,
  ground: SwinGround,
  figures: SwinFigures,
  stage: SwinStage,
  index: number,
): Value {
  return Array.from({ length: stage.layerCount }).reduce<Value>((x, _, layer) => {
    const name = `encoder.layers.${index}.blocks.${layer}`;
    return g.scope(`stages.${index}.${layer}`, () =>
      swinLayer(g, x, ground, name, figures, stage, layer % 2 === 1),
    );
  }, tokens);
}

function swinLayer(
  g: GraphBuilder,
  x: Value,
  ground: SwinGround,
  name: string,
  figures: SwinFigures,
  { hiddenSize, headCount, grid }: SwinStage,
  isShifted: boolean,
): Value {
  const { windowSize: window } = figures;
  const kind = swinNorm(figures);
  // One window alone has nothing to be shifted against.
  const shifts = isShifted && Math.min(grid.rows, grid.columns) > window;
  const shape = { window, shift: shifts ? Math.floor(window / 2) : 0 };
  const inner = `${name}.attention.self`;
  const names = {
    query: `${inner}.query`,
    key: `${inner}.key`,
    value: `${inner}.value`,
    output: `${name}.attention.output.dense`,
  };
  const attention = towerAttention(g, names, { hiddenSize, headCount });
  const table = relativeBias(g, `${inner}.relative_position_bias_table`, window, headCount);
  const normed = norm(g, x, `${name}.layernorm_before`, kind);
  const sum = add(g, x, ground.look(normed, attention, table, shape));
  const layers = { up: `${name}.intermediate.dense`, down: `${name}.output.dense` };
  const branch = plainFeedForward(g, norm(g, sum, `${name}.layernorm_after`, kind), layers, {
    hiddenSize,
    feedForwardSize: Math.trunc(hiddenSize * figures.feedForwardRatio),
    activation: figures.activation,
    bias: true,
  });
  return add(g, sum, branch);
}

/** Each square of four places as one, with twice the channels, and the ground on which these lie. */
export function swinMerging(
  g: GraphBuilder,
  x: Value,
  ground: SwinGround,
  name: string,
  figures: SwinFigures,
): { readonly tokens: Value; readonly ground: SwinGround } {
  return g.scope('merging', () => {
    const merged = ground.merge(x);
    const inputs = fixedDim(merged.squares, -1);
    const normed = norm(g, merged.squares, `${name}.norm`, swinNorm(figures));
    const reduction = { inputs, outputs: inputs / 2, bias: false };
    return { ...merged, tokens: linear(g, normed, `${name}.reduction`, reduction) };
  });
}
