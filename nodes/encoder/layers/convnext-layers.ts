/** The body of a ConvNeXt, under the names of its published tensors. Source: 2201.03545, with V2's blocks 2301.00808. */
import { channelNorm, globalResponseNorm } from '#engine/onnx/blocks/channel-norm.ts';
import { convolution, depthwiseConvolution, samePadding } from '#engine/onnx/blocks/convolution.ts';
import { channelsFirst, channelsLast } from '#engine/onnx/blocks/feature-map.ts';
import { activate } from '#engine/onnx/blocks/feed-forward.ts';
import { linear, linearWeights, linearWith, scaleOutputs } from '#engine/onnx/blocks/linear.ts';
import { norm } from '#engine/onnx/blocks/norm.ts';
import { resizeMap } from '#engine/onnx/blocks/resize.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { add } from '#engine/onnx/operators.ts';
import { concatenate } from '#engine/onnx/shape-operators.ts';
import { fixedDim, type Value } from '#engine/onnx/value.ts';
import { stagesOf, type StagesShape } from '../staged/stage-sizes.ts';

/** What weighs the channels of a block: a learned factor each (V1), or their share in the map's answer (V2). */
export type ConvNextWeighing = 'layer-scale' | 'response-norm';

export interface ConvNextShape extends StagesShape {
  readonly imageSize: number;
  readonly weighing: ConvNextWeighing;
  readonly normEpsilon: number;
}

/** Side of a patch, which is the stride of the first stage. */
export const patchSize = 4;

/** Channels inside a block for each outside. */
const expansion = 4;

const responseEpsilon = 1e-6;

/** The maps of the first `usedStages` stages. [B, 3, H, W] → [B, D, rows, columns] each */
export function convNextStages(
  g: GraphBuilder,
  pixels: Value,
  shape: ConvNextShape,
  usedStages: number,
): readonly Value[] {
  const stages = stagesOf(shape).slice(0, usedStages);
  const maps: Value[] = [];
  let [map, inputs] = [pixels, 3];
  for (const [index, { width, depth }] of stages.entries()) {
    const stage = `encoder.stages.${index}`;
    map = g.scope(`stages.${index}`, () => {
      let inner = g.scope('downsample', () =>
        index === 0
          ? patches(g, map, width, shape)
          : halved(g, map, `${stage}.downsampling_layer`, { inputs, outputs: width }, shape),
      );
      for (let layer = 0; layer < depth; layer++)
        inner = g.scope(`layers.${layer}`, () =>
          block(g, inner, `${stage}.layers.${layer}`, width, shape),
        );
      return inner;
    });
    maps.push(map);
    inputs = width;
  }
  return maps;
}

/** All maps at the size of the first, their channels one behind the other. Source: Mini-Gemini, 2403.18814. */
export function joinMaps(g: GraphBuilder, maps: readonly Value[]): Value {
  const first = maps[0] as Value;
  const size = { rows: fixedDim(first, 2), columns: fixedDim(first, 3) };
  const large = maps.map((map, index) =>
    index === 0 ? map : resizeMap(g, map, size, { kernel: 'bilinear' }),
  );
  const channels = large.reduce((sum, map) => sum + fixedDim(map, 1), 0);
  return concatenate(g, large, 1, channels);
}

/** [B, 3, H, W] → [B, width, H / 4, W / 4] */
function patches(g: GraphBuilder, pixels: Value, width: number, shape: ConvNextShape): Value {
  const cut = { inputs: 3, outputs: width, kernel: patchSize, stride: patchSize, bias: true };
  const embedded = convolution(g, pixels, 'embeddings.patch_embeddings', cut);
  return channelNorm(g, embedded, 'embeddings.layernorm', shape.normEpsilon);
}

/** [B, inputs, H, W] → [B, outputs, H / 2, W / 2] */
function halved(
  g: GraphBuilder,
  map: Value,
  name: string,
  widths: { readonly inputs: number; readonly outputs: number },
  shape: ConvNextShape,
): Value {
  const normed = channelNorm(g, map, `${name}.0`, shape.normEpsilon);
  return convolution(g, normed, `${name}.1`, { ...widths, kernel: 2, stride: 2, bias: true });
}

/** x + what its neighbourhood says, channel by channel first and then across channels. [B, D, H, W] → the same */
function block(
  g: GraphBuilder,
  map: Value,
  name: string,
  width: number,
  { weighing, normEpsilon }: ConvNextShape,
): Value {
  const inner = width * expansion;
  const around = { kernel: 7, padding: samePadding(7), bias: true };
  const seen = channelsLast(g, depthwiseConvolution(g, map, `${name}.dwconv`, around)); // [B, H, W, D]
  const normed = norm(g, seen, `${name}.layernorm`, { kind: 'layer', epsilon: normEpsilon });
  const up = linear(g, normed, `${name}.pwconv1`, { inputs: width, outputs: inner, bias: true });
  const active = activate(g, up, 'gelu'); // [B, H, W, 4 D]
  const down = linearWeights(g, `${name}.pwconv2`, { inputs: inner, outputs: width, bias: true });
  if (weighing === 'layer-scale') {
    const weighed = scaleOutputs(g, down, `${name}.layer_scale_parameter`);
    return add(g, map, channelsFirst(g, linearWith(g, active, weighed, 'pwconv2')));
  }
  const response = {
    weight: g.tensor(`${name}.grn.weight`, [inner], 'norm'),
    bias: g.tensor(`${name}.grn.bias`, [inner], 'bias'),
  };
  const shared = g.scope('grn', () => globalResponseNorm(g, active, response, responseEpsilon));
  return add(g, map, channelsFirst(g, linearWith(g, shared, down, 'pwconv2')));
}
