/** The stages of a Swin: layers that look at windows, every second of them shifted, and the step to the next stage. */
import { selfAttention } from '#engine/onnx/blocks/attention.ts';
import { plainFeedForward } from '#engine/onnx/blocks/feed-forward.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { norm, type Norm } from '#engine/onnx/blocks/norm.ts';
import { cutWindows, joinWindows, relativeBias, windowBias } from '#engine/onnx/blocks/windows.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { add } from '#engine/onnx/operators.ts';
import { padEnd, reshape, transpose } from '#engine/onnx/shape-operators.ts';
import { fixedDim, type Dim, type Value } from '#engine/onnx/value.ts';
import { halved, type SwinFigures, type SwinStage } from './swin-shape.ts';
import { towerAttention } from '../tower/tower-attention.ts';

export const swinNorm = ({ normEpsilon }: SwinFigures): Norm => ({
  kind: 'layer',
  epsilon: normEpsilon,
});

/** All layers of one stage. [B, rows, columns, D] → the same */
export function swinStage(
  g: GraphBuilder,
  map: Value,
  figures: SwinFigures,
  stage: SwinStage,
  index: number,
): Value {
  return Array.from({ length: stage.layerCount }).reduce<Value>((x, _, layer) => {
    const name = `encoder.layers.${index}.blocks.${layer}`;
    return g.scope(`stages.${index}.${layer}`, () =>
      swinLayer(g, x, name, figures, stage, layer % 2 === 1),
    );
  }, map);
}

function swinLayer(
  g: GraphBuilder,
  x: Value,
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
  const windows = cutWindows(g, norm(g, x, `${name}.layernorm_before`, kind), shape);
  const bias = windowBias(g, table, x, shape);
  const attended = selfAttention(g, windows, attention, { bias }).output;
  const sum = add(g, x, joinWindows(g, attended, x, shape));
  const layers = { up: `${name}.intermediate.dense`, down: `${name}.output.dense` };
  const branch = plainFeedForward(g, norm(g, sum, `${name}.layernorm_after`, kind), layers, {
    hiddenSize,
    feedForwardSize: Math.trunc(hiddenSize * figures.feedForwardRatio),
    activation: figures.activation,
    bias: true,
  });
  return add(g, sum, branch);
}

/** Each square of four places as one, with twice the channels. [B, R, C, D] → [B, R / 2, C / 2, 2 D] */
export function swinMerging(
  g: GraphBuilder,
  map: Value,
  name: string,
  figures: SwinFigures,
): Value {
  return g.scope('merging', () => {
    const batch = map.shape[0] as Dim;
    const channels = fixedDim(map, 3);
    const { rows, columns } = halved({ rows: fixedDim(map, 1), columns: fixedDim(map, 2) });
    const filled = padEnd(g, padEnd(g, map, 1, 2 * rows), 2, 2 * columns);
    const apart = reshape(g, filled, [batch, rows, 2, columns, 2, channels]);
    // Of a square its left places come first, from above.
    const ordered = transpose(g, apart, 0, 1, 3, 4, 2, 5);
    const squares = reshape(g, ordered, [batch, rows, columns, 4 * channels]);
    const normed = norm(g, squares, `${name}.norm`, swinNorm(figures));
    const reduction = { inputs: 4 * channels, outputs: 2 * channels, bias: false };
    return linear(g, normed, `${name}.reduction`, reduction);
  });
}
