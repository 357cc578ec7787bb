/** Pooling of maps [B, C, H, W]. */
import { int, ints, type GraphBuilder } from '../graph-builder.ts';
import type { Attribute } from '../model.ts';
import { matmul } from '../operators.ts';
import { transpose } from '../shape-operators.ts';
import { fixedDim, type Dim, type Value } from '../value.ts';
import { pairOf, placesAlong, sidesOf, type Extent, type Padding } from './convolution.ts';

export interface PoolingShape {
  readonly kernel: Extent;
  /** As the kernel where left out. */
  readonly stride?: Extent;
  readonly padding?: Padding;
}

/** The mean of each window; padding counts as zeros only where `countPadding` says so. [B, C, H, W] → [B, C, H', W'] */
export function averagePool(
  g: GraphBuilder,
  x: Value,
  shape: PoolingShape & { readonly countPadding?: boolean },
): Value {
  return pool(g, x, 'AveragePool', shape, {
    count_include_pad: int(shape.countPadding === true ? 1 : 0),
  });
}

/** The largest of each window. [B, C, H, W] → [B, C, H', W'] */
export function maxPool(g: GraphBuilder, x: Value, shape: PoolingShape): Value {
  return pool(g, x, 'MaxPool', shape, {});
}

function pool(
  g: GraphBuilder,
  x: Value,
  op: 'AveragePool' | 'MaxPool',
  { kernel, stride = kernel, padding = 0 }: PoolingShape,
  attributes: Readonly<Record<string, Attribute>>,
): Value {
  const [height, width] = pairOf(kernel);
  const [down, across] = pairOf(stride);
  const [top, left, bottom, right] = sidesOf(padding);
  const rows = placesAlong(fixedDim(x, 2), height, down, top + bottom);
  const columns = placesAlong(fixedDim(x, 3), width, across, left + right);
  const shape = [x.shape[0] as Dim, x.shape[1] as Dim, rows, columns];
  return g.op(
    op,
    [x],
    { type: x.type, shape },
    {
      attributes: {
        ...attributes,
        kernel_shape: ints([height, width]),
        strides: ints([down, across]),
        pads: ints([top, left, bottom, right]),
      },
    },
  );
}

/** The mean of each channel. [B, C, H, W] → [B, C, 1, 1] */
export function globalAveragePool(g: GraphBuilder, x: Value): Value {
  const shape = [x.shape[0] as Dim, x.shape[1] as Dim, 1, 1];
  return g.op('GlobalAveragePool', [x], { type: x.type, shape });
}

/**
 * Means over as many windows as the result has places, which overlap where sizes do not divide, as torch's
 * AdaptiveAvgPool2d. [B, C, H, W] → [B, C, rows, columns]
 */
export function adaptiveAveragePool(
  g: GraphBuilder,
  x: Value,
  { rows, columns }: { readonly rows: number; readonly columns: number },
): Value {
  const [height, width] = [fixedDim(x, 2), fixedDim(x, 3)];
  if (height % rows === 0 && width % columns === 0) {
    return averagePool(g, x, { kernel: [height / rows, width / columns] });
  }
  const averages = (from: number, to: number) =>
    g.weight({
      kind: 'computed',
      shape: [to, from],
      of: { table: 'adaptive-average', from, to },
    });
  const narrow = matmul(g, x, transpose(g, averages(width, columns), 1, 0)); // [B, C, H, columns]
  return matmul(g, averages(height, rows), narrow);
}
