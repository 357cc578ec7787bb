/** Axes and sizes of values, for the shape rules of operators. */
import type { Dim, Shape, Value } from './value.ts';

/** A value as errors name it. */
export function describe({ name, shape }: Value): string {
  return `"${name}" [${shape.join(', ')}]`;
}

/** Axis `axis` counted from the front. */
export function frontAxis(x: Value, axis: number): number {
  return axis < 0 ? x.shape.length + axis : axis;
}

export function withAxis(shape: Shape, axis: number, dim: Dim): Shape {
  return shape.map((old, index) => (index === axis ? dim : old));
}

/** The product of the sizes that are numbers. */
export const fixedCount = (shape: Shape): number =>
  shape.reduce<number>((product, dim) => (typeof dim === 'number' ? product * dim : product), 1);
