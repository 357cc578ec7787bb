/** What both versions of MobileViT are around their transformers: inverted residuals in five stages, under timm's names. */
import { error, type Problem } from '#engine/contract/problem.ts';
import {
  normedConvolution,
  samePadding,
  type ConvolutionShape,
} from '#engine/onnx/blocks/convolution.ts';
import { activate } from '#engine/onnx/blocks/feed-forward.ts';
import { inEights } from '#engine/onnx/blocks/squeeze-excitation.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { add } from '#engine/onnx/operators.ts';
import { fixedDim, type Value } from '#engine/onnx/value.ts';
import { stagesOf, type Stage, type StagesShape } from '../staged/stage-sizes.ts';

/** Depths are of inverted residuals in the first two stages, of transformer layers in the others. */
export interface MobileStagesShape extends StagesShape {
  readonly imageSize: number;
  /** Channels behind the first convolution. */
  readonly stemWidth: number;
  /** Channels inside an inverted residual for each that comes in. */
  readonly expansion: number;
}

/** Stages before those with a transformer. */
export const convolutionalStages = 2;

export const batchNormEpsilon = 1e-5;

/** Published widths are whole eights; others are rounded to them, as timm builds them. */
export const mobileStagesOf = (shape: StagesShape): readonly Stage[] =>
  stagesOf(shape).map(({ width, depth }) => ({ width: wholeEights(width), depth }));

/** Why there is no such network: a stage without residuals could not halve the map; null where there is one. */
export function mobileStagesProblem(title: string, shape: StagesShape): Problem | null {
  const stages = stagesOf(shape).slice(0, convolutionalStages);
  const stage = 1 + stages.findIndex(({ depth }) => depth === 0);
  if (stage === 0) return null;
  const message = `Stage ${stage} of ${title} has no block that brings the map to its channels; set its depth to 1 or more.`;
  return error('arrangement-unsupported', message, { param: `depth${stage}` });
}

/** What looks at the whole map behind the halving of a stage. */
export type GlobalBlock = (map: Value, name: string, stage: number) => Value;

/** [B, 3, H, W] → [B, D, rows, columns] of the last of the first `usedStages` stages */
export function mobileStages(
  g: GraphBuilder,
  pixels: Value,
  shape: MobileStagesShape,
  usedStages: number,
  globalBlock: GlobalBlock,
): Value {
  const half = { inputs: 3, outputs: shape.stemWidth, kernel: 3, stride: 2 };
  let map = g.scope('stem', () => normedLayer(g, pixels, 'stem', half, true));
  for (const [index, { width, depth }] of mobileStagesOf(shape).slice(0, usedStages).entries()) {
    const name = `stages.${index}`;
    const isGlobal = index >= convolutionalStages;
    // The stem has halved the picture for the first stage.
    const stride = index === 0 ? 1 : 2;
    map = g.scope(name, () => {
      let inner = map;
      for (let place = 0; place < (isGlobal ? 1 : depth); place++) {
        const block = { width, stride: place === 0 ? stride : 1, expansion: shape.expansion };
        inner = g.scope(`${place}`, () => invertedResidual(g, inner, `${name}.${place}`, block));
      }
      return isGlobal ? g.scope('1', () => globalBlock(inner, `${name}.1`, index)) : inner;
    });
  }
  return map;
}

/** Across to more channels, depthwise, and back; added to what comes in where the map keeps its shape. */
function invertedResidual(
  g: GraphBuilder,
  map: Value,
  name: string,
  {
    width,
    stride,
    expansion,
  }: { readonly width: number; readonly stride: number; readonly expansion: number },
): Value {
  const inputs = fixedDim(map, 1);
  const inner = wholeEights(inputs * expansion);
  const up = { inputs, outputs: inner, kernel: 1 };
  const around = { inputs: inner, outputs: inner, kernel: 3, stride, groups: inner };
  const down = { inputs: inner, outputs: width, kernel: 1 };
  const wide = normedLayer(g, map, `${name}.conv1_1x1`, up, true);
  const seen = normedLayer(g, wide, `${name}.conv2_kxk`, around, true);
  const result = normedLayer(g, seen, `${name}.conv3_1x1`, down, false);
  return inputs === width && stride === 1 ? add(g, map, result) : result;
}

/** So many channels in whole eights, and never a tenth fewer. */
export function wholeEights(channels: number): number {
  const near = inEights(channels);
  return near < 0.9 * channels ? near + 8 : near;
}

/** `name.conv` with `name.bn`, and SiLU where it acts. */
export function normedLayer(
  g: GraphBuilder,
  map: Value,
  name: string,
  shape: Omit<ConvolutionShape, 'bias'>,
  acts: boolean,
): Value {
  const names = { convolution: `${name}.conv`, norm: `${name}.bn` };
  const padded = { ...shape, padding: samePadding(shape.kernel) };
  const normed = normedConvolution(g, map, names, padded, batchNormEpsilon);
  return acts ? activate(g, normed, 'silu') : normed;
}
