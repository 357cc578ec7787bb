/** The body of FastViT, MobileCLIP's image towers and FastViTHD, under timm's names. Source: 2303.14189, 2412.13303. */
import { joinedProjections } from '#engine/onnx/blocks/attention-projections.ts';
import { selfAttention } from '#engine/onnx/blocks/attention.ts';
import {
  batchNorm,
  convolutionWeights,
  convolve,
  samePadding,
  type ConvolutionWeights,
} from '#engine/onnx/blocks/convolution.ts';
import { mapToTokens, tokensToMap } from '#engine/onnx/blocks/feature-map.ts';
import { activate } from '#engine/onnx/blocks/feed-forward.ts';
import { linearWeights, scaleOutputs } from '#engine/onnx/blocks/linear.ts';
import { norm } from '#engine/onnx/blocks/norm.ts';
import { inEights, squeezeExcitation } from '#engine/onnx/blocks/squeeze-excitation.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { add, multiply } from '#engine/onnx/operators.ts';
import { fixedDim, type Value } from '#engine/onnx/value.ts';
import {
  batchNormEpsilon,
  largeKernelWeights,
  mobileOneWeights,
  normedWeights,
  positionWeights,
  repMixerWeights,
  type BranchedShape,
  type Branches,
} from './fastvit-branches.ts';
import { stagesOf, type StagesShape } from '../staged/stage-sizes.ts';

export interface FastVitShape extends StagesShape {
  readonly imageSize: number;
  /** Channels inside a feed-forward for each outside. */
  readonly expansion: number;
  /** Stages, counted from the last, whose blocks attend. */
  readonly attentionStages: number;
  readonly attentionNorm: 'batch' | 'layer';
  /** Halvings, counted from the last, that weigh their channels. */
  readonly excitedStages: number;
  /** Does an activation follow the large kernel of a halving? */
  readonly activatedHalving: boolean;
  /** Are the first convolutions trained with a 1 × 1 branch? */
  readonly stemScale: boolean;
  readonly projectionSize: number;
}

/** Channels of one head. */
export const headSize = 32;

/** Channels of the last map for each of the last stage. */
export const finalExpansion = 2;

/** [B, 3, H, W] → [B, D, rows, columns] of the last of the first `usedStages` stages */
export function fastVitStages(
  g: GraphBuilder,
  pixels: Value,
  shape: FastVitShape,
  usedStages: number,
  branches: Branches,
): Value {
  const stages = stagesOf(shape);
  let map = stem(g, pixels, stages[0]?.width ?? 0, shape, branches);
  for (const [index, { width, depth }] of stages.slice(0, usedStages).entries()) {
    const name = `stages.${index}`;
    const fromEnd = stages.length - index;
    map = g.scope(name, () => {
      const excited = fromEnd <= shape.excitedStages;
      let inner =
        index === 0
          ? map
          : halved(g, map, `${name}.downsample.proj`, width, { ...shape, excited }, branches);
      const attends = fromEnd <= shape.attentionStages;
      if (attends) inner = positioned(g, inner, `${name}.pos_emb`, branches);
      for (let layer = 0; layer < depth; layer++) {
        const block = `${name}.blocks.${layer}`;
        inner = g.scope(`blocks.${layer}`, () =>
          attends
            ? attentionBlock(g, inner, block, shape)
            : mixerBlock(g, inner, block, shape, branches),
        );
      }
      return inner;
    });
  }
  return map;
}

/** The last stage's map with twice the channels, weighed. [B, D, H, W] → [B, 2 D, H, W] */
export function finalMap(g: GraphBuilder, map: Value, branches: Branches): Value {
  const inputs = fixedDim(map, 1);
  const outputs = finalExpansion * inputs;
  return g.scope('final_conv', () => {
    const shape = { inputs, outputs, kernel: 3, groups: inputs };
    const wide = convolved(g, map, mobileOneWeights(g, 'final_conv', shape, branches), shape);
    const squeezedSize = Math.max(1, Math.floor(outputs / 16 + 0.5));
    return activate(g, excited(g, wide, 'final_conv.se', squeezedSize), 'gelu');
  });
}

/** Three convolutions, two of them halving. [B, 3, H, W] → [B, D, H / 4, W / 4] */
function stem(
  g: GraphBuilder,
  pixels: Value,
  width: number,
  { stemScale }: FastVitShape,
  branches: Branches,
): Value {
  const shapes: readonly BranchedShape[] = [
    { inputs: 3, outputs: width, kernel: 3, stride: 2 },
    { inputs: width, outputs: width, kernel: 3, stride: 2, groups: width },
    { inputs: width, outputs: width, kernel: 1 },
  ];
  return shapes.reduce((map, shape, index) => {
    const weights = mobileOneWeights(g, `stem.${index}`, shape, branches, stemScale);
    return g.scope(`stem.${index}`, () => activate(g, convolved(g, map, weights, shape), 'gelu'));
  }, pixels);
}

/** [B, C, H, W] → [B, width, H / 2, W / 2] */
function halved(
  g: GraphBuilder,
  map: Value,
  name: string,
  width: number,
  { excited: isExcited, activatedHalving }: FastVitShape & { readonly excited: boolean },
  branches: Branches,
): Value {
  const inputs = fixedDim(map, 1);
  const large = { inputs, outputs: width, kernel: 7, stride: 2, groups: inputs };
  const across = { inputs: width, outputs: width, kernel: 1 };
  return g.scope('downsample', () => {
    const half = convolved(g, map, largeKernelWeights(g, `${name}.0`, large, branches), large);
    const weighed = isExcited ? excited(g, half, `${name}.0.se`, inEights(width / 4)) : half;
    const active = activatedHalving ? activate(g, weighed, 'gelu') : weighed;
    const mixed = convolved(g, active, mobileOneWeights(g, `${name}.1`, across, branches), across);
    return activate(g, mixed, 'gelu');
  });
}

const excited = (g: GraphBuilder, map: Value, name: string, squeezedSize: number): Value =>
  squeezeExcitation(
    g,
    map,
    { down: `${name}.fc1`, up: `${name}.fc2` },
    { squeezedSize, activation: 'relu', gate: 'sigmoid' },
  );

function positioned(g: GraphBuilder, map: Value, name: string, branches: Branches): Value {
  const channels = fixedDim(map, 1);
  const kernel = 7;
  const weights = positionWeights(g, name, channels, kernel, branches);
  return g.scope('positions', () => convolved(g, map, weights, depthwise(channels, kernel)));
}

/** Neighbours are mixed channel by channel, then the channels of each place. [B, C, H, W] → the same */
function mixerBlock(
  g: GraphBuilder,
  map: Value,
  name: string,
  shape: FastVitShape,
  branches: Branches,
): Value {
  const channels = fixedDim(map, 1);
  const weights = repMixerWeights(g, `${name}.token_mixer`, channels, branches);
  const mixed = g.scope('mixer', () => convolved(g, map, weights, depthwise(channels, 3)));
  return add(g, mixed, feedForward(g, mixed, name, 'layer_scale', shape));
}

/** All places attend to all, then the channels of each place are mixed. [B, C, H, W] → the same */
function attentionBlock(g: GraphBuilder, map: Value, name: string, shape: FastVitShape): Value {
  const channels = fixedDim(map, 1);
  const grid = { rows: fixedDim(map, 2), columns: fixedDim(map, 3) };
  const tokens = mapToTokens(g, map); // [B, N, C]
  const normed = normedTokens(g, tokens, `${name}.norm`, shape.attentionNorm);
  const heads = { hiddenSize: channels, headCount: channels / headSize };
  const mixer = `${name}.token_mixer`;
  const square = { inputs: channels, outputs: channels, bias: true };
  const output = scaleOutputs(
    g,
    linearWeights(g, `${mixer}.proj`, square),
    `${name}.layer_scale_1.gamma`,
  );
  const projections = joinedProjections(g, { weight: `${mixer}.qkv.weight`, bias: null }, heads);
  const attended = selfAttention(g, normed, { ...heads, projections, output }).output;
  const sum = add(g, map, tokensToMap(g, attended, grid));
  return add(g, sum, feedForward(g, sum, name, 'layer_scale_2', shape));
}

function normedTokens(
  g: GraphBuilder,
  tokens: Value,
  name: string,
  kind: FastVitShape['attentionNorm'],
): Value {
  if (kind === 'layer') return norm(g, tokens, name, { kind: 'layer', epsilon: 1e-5 });
  const part = (of: 'scale' | 'shift') =>
    g.weight(batchNorm(g, name, fixedDim(tokens, 2), batchNormEpsilon, of));
  return add(g, multiply(g, tokens, part('scale')), part('shift'));
}

/** A depthwise kernel, then two linears over the channels, times a learned factor each. [B, C, H, W] → the same */
function feedForward(
  g: GraphBuilder,
  map: Value,
  block: string,
  factor: string,
  { expansion }: FastVitShape,
): Value {
  const channels = fixedDim(map, 1);
  const name = `${block}.mlp`;
  const inner = Math.max(1, Math.trunc(channels * expansion));
  const around = { inputs: channels, outputs: channels, kernel: 7, groups: channels };
  const up = { inputs: channels, outputs: inner, kernel: 1 };
  const down = { inputs: inner, outputs: channels, kernel: 1 };
  const weights = (of: string, shape: BranchedShape) =>
    convolutionWeights(g, `${name}.${of}`, { ...shape, bias: true });
  return g.scope('mlp', () => {
    const seen = convolved(g, map, normedWeights(g, `${name}.conv`, around), around);
    const active = activate(g, convolved(g, seen, weights('fc1', up), up), 'gelu');
    const weighed = scaleOutputs(g, weights('fc2', down), `${block}.${factor}.gamma`);
    return convolved(g, active, weighed, down);
  });
}

const depthwise = (channels: number, kernel: number): BranchedShape => ({
  inputs: channels,
  outputs: channels,
  kernel,
  groups: channels,
});

const convolved = (
  g: GraphBuilder,
  map: Value,
  weights: ConvolutionWeights,
  { kernel, stride = 1, groups = 1 }: BranchedShape,
): Value => convolve(g, map, weights, { stride, groups, padding: samePadding(kernel) });
