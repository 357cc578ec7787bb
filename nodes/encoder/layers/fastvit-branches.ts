/**
 * Convolutions that are trained as several branches side by side and run as one: they are folded when weights are read,
 * or read as folded before. Source: MobileOne, 2206.04040, and FastViT, 2303.14189; names as timm's.
 */
import {
  convolutionWeights,
  foldBatchNorm,
  identityConvolution,
  sumConvolutions,
  type ConvolutionWeights,
} from '#engine/onnx/blocks/convolution.ts';
import { scaleOutputs } from '#engine/onnx/blocks/linear.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { WeightExpression } from '#engine/onnx/weight.ts';

/** How a checkpoint keeps a convolution: the branches that it was trained as, or what they are together. */
export type Branches = 'trained' | 'fused';

export const batchNormEpsilon = 1e-5;

export interface BranchedShape {
  readonly inputs: number;
  readonly outputs: number;
  /** Side of the square kernel. */
  readonly kernel: number;
  readonly stride?: number;
  readonly groups?: number;
}

/** A kernel with batch norm, a 1 × 1 kernel where `scale` says so, and the map itself where it keeps its shape. */
export function mobileOneWeights(
  g: GraphBuilder,
  name: string,
  shape: BranchedShape,
  branches: Branches,
  scale = true,
): ConvolutionWeights {
  if (branches === 'fused') return fusedWeights(g, name, shape);
  const { inputs, outputs, kernel, stride = 1, groups = 1 } = shape;
  const parts = [normedWeights(g, `${name}.conv_kxk.0`, shape)];
  if (kernel > 1 && scale)
    parts.push(normedWeights(g, `${name}.conv_scale`, { ...shape, kernel: 1 }));
  if (inputs === outputs && stride === 1)
    parts.push(normedIdentity(g, `${name}.identity`, inputs, kernel, groups));
  return sumConvolutions(parts, kernel);
}

/** A large kernel and one of 3 × 3. */
export function largeKernelWeights(
  g: GraphBuilder,
  name: string,
  shape: BranchedShape,
  branches: Branches,
): ConvolutionWeights {
  if (branches === 'fused') return fusedWeights(g, name, shape);
  const large = normedWeights(g, `${name}.large_conv`, shape);
  const small = normedWeights(g, `${name}.small_conv`, { ...shape, kernel: 3 });
  return sumConvolutions([large, small], shape.kernel);
}

/** x + factor · (mixed(x) − normed(x)), depthwise. */
export function repMixerWeights(
  g: GraphBuilder,
  name: string,
  channels: number,
  branches: Branches,
): ConvolutionWeights {
  const kernel = 3;
  const shape = { inputs: channels, outputs: channels, kernel, groups: channels };
  if (branches === 'fused') return fusedWeights(g, name, shape);
  const mixed = mobileOneWeights(g, `${name}.mixer`, shape, branches);
  const normed = normedIdentity(g, `${name}.norm.identity`, channels, kernel, channels);
  const change = sumConvolutions([mixed, negated(normed)], kernel);
  const weighed = scaleOutputs(g, change, `${name}.layer_scale.gamma`);
  return sumConvolutions([identityConvolution(channels, kernel, channels), weighed], kernel);
}

/** x and what a depthwise kernel makes of it: positions that follow from the neighbourhood. Source: 2102.10882. */
export function positionWeights(
  g: GraphBuilder,
  name: string,
  channels: number,
  kernel: number,
  branches: Branches,
): ConvolutionWeights {
  const shape = { inputs: channels, outputs: channels, kernel, groups: channels };
  if (branches === 'fused') return fusedWeights(g, name, shape);
  const learned = convolutionWeights(g, `${name}.pos_enc`, { ...shape, bias: true });
  return sumConvolutions([identityConvolution(channels, kernel, channels), learned], kernel);
}

/** `name.conv` with `name.bn`. */
export function normedWeights(
  g: GraphBuilder,
  name: string,
  shape: BranchedShape,
): ConvolutionWeights {
  const weights = convolutionWeights(g, `${name}.conv`, { ...shape, bias: false });
  return foldBatchNorm(g, weights, `${name}.bn`, batchNormEpsilon);
}

const fusedWeights = (g: GraphBuilder, name: string, shape: BranchedShape): ConvolutionWeights =>
  convolutionWeights(g, `${name}.reparam_conv`, { ...shape, bias: true });

const normedIdentity = (
  g: GraphBuilder,
  name: string,
  channels: number,
  kernel: number,
  groups: number,
): ConvolutionWeights =>
  foldBatchNorm(g, identityConvolution(channels, kernel, groups), name, batchNormEpsilon);

function negated({ weight, bias }: ConvolutionWeights): ConvolutionWeights {
  const minus = (of: WeightExpression): WeightExpression => ({ kind: 'multiple', of, by: -1 });
  return { weight: minus(weight), bias: bias && minus(bias) };
}
