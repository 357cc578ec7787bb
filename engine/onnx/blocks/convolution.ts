/** Convolutions over maps [B, C, H, W], and batch normalisation folded into their weights when they are loaded. */
import { int, ints, type GraphBuilder } from '../graph-builder.ts';
import type { Attribute } from '../model.ts';
import { fixedDim, type Value } from '../value.ts';
import { expressionShape, type WeightExpression } from '../weight.ts';

/** Down and across; one number stands for both. */
export type Extent = number | readonly [down: number, across: number];

/** Zeros around the map: on every side, above and below and on both sides, or top, left, bottom, right. */
export type Padding = Extent | readonly [top: number, left: number, bottom: number, right: number];

/** How a kernel moves over a map; steps and distances are 1, padding 0 and groups 1 where left out. */
export interface Sliding {
  readonly stride?: Extent;
  readonly padding?: Padding;
  readonly dilation?: Extent;
  /** Channels are cut into as many groups that do not see one another. */
  readonly groups?: number;
}

export interface ConvolutionShape extends Sliding {
  /** Channels in. */
  readonly inputs: number;
  /** Channels out. */
  readonly outputs: number;
  readonly kernel: Extent;
  readonly bias: boolean;
}

/** Weights of a convolution [out, in / groups, height, width], or transposed [in, out / groups, height, width]. */
export interface ConvolutionWeights {
  readonly weight: WeightExpression;
  readonly bias: WeightExpression | null;
}

export const pairOf = (extent: Extent): readonly [number, number] =>
  typeof extent === 'number' ? [extent, extent] : extent;

export function sidesOf(padding: Padding): readonly [number, number, number, number] {
  if (typeof padding !== 'number' && padding.length === 4) return padding;
  const [down, across] = pairOf(padding);
  return [down, across, down, across];
}

/** Padding that keeps a map's size at stride 1, for kernels of odd sizes. */
export function samePadding(kernel: Extent): Padding {
  const [height, width] = pairOf(kernel);
  return [(height - 1) / 2, (width - 1) / 2];
}

/** Places of a window of `kernel` along an axis of `size`; a rest that fills none is dropped. */
export function placesAlong(
  size: number,
  kernel: number,
  stride: number,
  padding: number,
  dilation = 1,
): number {
  const places = Math.floor((size + padding - dilation * (kernel - 1) - 1) / stride) + 1;
  if (places < 1)
    throw new Error(`A kernel of ${kernel} does not fit ${size} + ${padding} places.`);
  return places;
}

/** `name.weight` and, with a bias, `name.bias`. [B, in, H, W] → [B, out, H', W'] */
export function convolution(
  g: GraphBuilder,
  x: Value,
  name: string,
  shape: ConvolutionShape,
): Value {
  return g.scope(name.slice(name.lastIndexOf('.') + 1), () =>
    convolve(g, x, convolutionWeights(g, name, shape), shape),
  );
}

/** One kernel a channel. [B, C, H, W] → [B, C, H', W'] */
export function depthwiseConvolution(
  g: GraphBuilder,
  x: Value,
  name: string,
  shape: Omit<ConvolutionShape, 'inputs' | 'outputs' | 'groups'>,
): Value {
  const channels = fixedDim(x, 1);
  return convolution(g, x, name, {
    ...shape,
    inputs: channels,
    outputs: channels,
    groups: channels,
  });
}

export function convolutionWeights(
  g: GraphBuilder,
  name: string,
  { inputs, outputs, kernel, groups = 1, bias }: Omit<ConvolutionShape, keyof Sliding> & Sliding,
): ConvolutionWeights {
  const shape = [outputs, inputs / groups, ...pairOf(kernel)];
  return {
    weight: g.tensor(`${name}.weight`, shape, 'matrix'),
    bias: bias ? g.tensor(`${name}.bias`, [outputs], 'bias') : null,
  };
}

/** A convolution with weights that the caller has put together. */
export function convolve(
  g: GraphBuilder,
  x: Value,
  { weight, bias }: ConvolutionWeights,
  sliding: Sliding,
): Value {
  const [outputs = 0, inputs = 0, height = 0, width = 0] = expressionShape(weight);
  const groups = sliding.groups ?? 1;
  if (fixedDim(x, 1) !== inputs * groups) {
    throw new Error(`"${x.name}" has ${x.shape[1]} channels, its kernels take ${inputs * groups}.`);
  }
  const [top, left, bottom, right] = sidesOf(sliding.padding ?? 0);
  const [down, across] = pairOf(sliding.stride ?? 1);
  const [apartDown, apartAcross] = pairOf(sliding.dilation ?? 1);
  const rows = placesAlong(fixedDim(x, 2), height, down, top + bottom, apartDown);
  const columns = placesAlong(fixedDim(x, 3), width, across, left + right, apartAcross);
  const batch = x.shape[0]!;
  g.work(outputs * inputs * height * width, [batch, rows, columns]);
  const shape = [batch, outputs, rows, columns];
  return g.op(
    'Conv',
    operands(g, x, { weight, bias }),
    { type: x.type, shape },
    {
      attributes: { ...attributesOf(sliding), kernel_shape: ints([height, width]) },
    },
  );
}

/** Each place of the map writes a whole kernel: [B, in, H, W] → [B, out, (H − 1) · stride + kernel − padding, …] */
export function transposedConvolution(
  g: GraphBuilder,
  x: Value,
  name: string,
  shape: ConvolutionShape,
): Value {
  const { inputs, outputs, kernel, groups = 1, bias } = shape;
  const [height, width] = pairOf(kernel);
  const weight = g.tensor(`${name}.weight`, [inputs, outputs / groups, height, width], 'matrix');
  const weights = { weight, bias: bias ? g.tensor(`${name}.bias`, [outputs], 'bias') : null };
  const [top, left, bottom, right] = sidesOf(shape.padding ?? 0);
  const [down, across] = pairOf(shape.stride ?? 1);
  const [apartDown, apartAcross] = pairOf(shape.dilation ?? 1);
  const [batch, , rows, columns] = [x.shape[0]!, x.shape[1]!, fixedDim(x, 2), fixedDim(x, 3)];
  const result = [
    batch,
    outputs,
    (rows - 1) * down + apartDown * (height - 1) + 1 - top - bottom,
    (columns - 1) * across + apartAcross * (width - 1) + 1 - left - right,
  ];
  return g.scope(name.slice(name.lastIndexOf('.') + 1), () => {
    g.work((inputs * outputs * height * width) / groups, [batch, rows, columns]);
    return g.op(
      'ConvTranspose',
      operands(g, x, weights),
      { type: x.type, shape: result },
      {
        attributes: { ...attributesOf(shape), kernel_shape: ints([height, width]) },
      },
    );
  });
}

function operands(g: GraphBuilder, x: Value, { weight, bias }: ConvolutionWeights): Value[] {
  return bias ? [x, g.weight(weight), g.weight(bias)] : [x, g.weight(weight)];
}

function attributesOf(sliding: Sliding): Readonly<Record<string, Attribute>> {
  return {
    strides: ints(pairOf(sliding.stride ?? 1)),
    pads: ints(sidesOf(sliding.padding ?? 0)),
    dilations: ints(pairOf(sliding.dilation ?? 1)),
    group: int(sliding.groups ?? 1),
  };
}

/**
 * The convolution followed by batch normalisation as one convolution; costs nothing when the graph runs.
 * `name` has `.weight`, `.bias`, `.running_mean` and `.running_var`, [out] each.
 */
export function foldBatchNorm(
  g: GraphBuilder,
  { weight, bias }: ConvolutionWeights,
  name: string,
  epsilon: number,
): ConvolutionWeights {
  const [channels = 0] = expressionShape(weight);
  const scale = batchNorm(g, name, channels, epsilon, 'scale');
  const shift = batchNorm(g, name, channels, epsilon, 'shift');
  return {
    weight: { kind: 'scaled', of: weight, by: scale },
    bias: bias ? { kind: 'sum', parts: [{ kind: 'scaled', of: bias, by: scale }, shift] } : shift,
  };
}

/** A convolution without a bias and its batch normalisation, as one. [B, in, H, W] → [B, out, H', W'] */
export function normedConvolution(
  g: GraphBuilder,
  x: Value,
  names: { readonly convolution: string; readonly norm: string },
  shape: Omit<ConvolutionShape, 'bias'>,
  epsilon: number,
): Value {
  const weights = convolutionWeights(g, names.convolution, { ...shape, bias: false });
  return convolve(g, x, foldBatchNorm(g, weights, names.norm, epsilon), shape);
}

/** What batch normalisation multiplies a channel by, or adds to it, [channels]. */
export function batchNorm(
  g: GraphBuilder,
  name: string,
  channels: number,
  epsilon: number,
  part: 'scale' | 'shift',
): WeightExpression {
  const vector = (of: string, init: 'norm' | 'bias') => g.tensor(`${name}.${of}`, [channels], init);
  return {
    kind: 'batch-norm',
    part,
    weight: vector('weight', 'norm'),
    bias: vector('bias', 'bias'),
    mean: vector('running_mean', 'bias'),
    variance: vector('running_var', 'norm'),
    epsilon,
  };
}

/** The convolution that gives a map of so many channels back as it is. */
export function identityConvolution(
  channels: number,
  kernel: Extent,
  groups = 1,
): ConvolutionWeights {
  const size = pairOf(kernel);
  const of = { table: 'identity-kernels', channels, groups, size } as const;
  const shape = [channels, channels / groups, ...size];
  return { weight: { kind: 'computed', shape, of }, bias: null };
}

/** Convolutions of one input whose outputs are added, as one: smaller kernels lie in the middle of the largest. */
export function sumConvolutions(
  branches: readonly ConvolutionWeights[],
  kernel: Extent,
): ConvolutionWeights {
  const biases = branches.flatMap(({ bias }) => bias ?? []);
  const weights = branches.map(({ weight }): WeightExpression => {
    const size = pairOf(kernel);
    const isWhole = expressionShape(weight).slice(2).join() === size.join();
    return isWhole ? weight : { kind: 'centred-kernel', of: weight, size };
  });
  return {
    weight: { kind: 'sum', parts: weights },
    bias: biases.length === 0 ? null : { kind: 'sum', parts: biases },
  };
}
