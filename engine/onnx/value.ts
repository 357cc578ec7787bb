/** Named tensors of a graph under construction, with shapes that may hold symbols. */

export type DataType = 'float32' | 'float16' | 'int64' | 'int32' | 'int8' | 'uint8' | 'bool';

/** A number, or the name of a size that is known only when the graph runs, such as `sequence`. */
export type Dim = number | string;
export type Shape = readonly Dim[];

/** Sizes that the symbols of a graph take in one run. */
export type DimBindings = Readonly<Record<string, number>>;

export interface Value {
  readonly name: string;
  readonly type: DataType;
  readonly shape: Shape;
}

export const bytesPerElement: Readonly<Record<DataType, number>> = {
  float32: 4,
  float16: 2,
  int64: 8,
  int32: 4,
  int8: 1,
  uint8: 1,
  bool: 1,
};

/** TensorProto.DataType of onnx.proto3 (github.com/onnx/onnx). */
export const dataTypeCodes: Readonly<Record<DataType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
};

/** What a product of a number and a symbol is written with, such as `16·views`. */
const times = '·';

/** A size that is so many times another, at most one of them known only when the graph runs. */
export function multiplyDims(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a * b;
  const [count, symbol] = typeof a === 'number' ? [a, b] : [b, a];
  if (typeof count !== 'number') throw new Error(`"${a}" and "${b}" are both symbols.`);
  if (String(symbol).endsWith(lessOne)) throw new Error(`"${symbol}" is not multiplied.`);
  const [before, name] = String(symbol).split(times);
  if (name !== undefined) return multiplyDims(count * Number(before), name);
  return count === 1 ? symbol : `${count}${times}${symbol}`;
}

/** What a length less one ends with, such as `sequence − 1`. */
const lessOne = ' − 1';

/** A size that is one less than another, which may be known only when the graph runs. */
export const oneLess = (dim: Dim): Dim => (typeof dim === 'number' ? dim - 1 : dim + lessOne);

/** The number a dimension stands for. Throws on an unbound symbol: the caller names every symbol of its graph. */
export function bindDim(dim: Dim, bindings: DimBindings): number {
  if (typeof dim === 'number') return dim;
  if (dim.endsWith(lessOne)) return bindDim(dim.slice(0, -lessOne.length), bindings) - 1;
  const [count = '', symbol] = dim.split(times);
  if (symbol !== undefined) return Number(count) * bindDim(symbol, bindings);
  const size = bindings[dim];
  if (size === undefined) throw new Error(`The dimension "${dim}" has no size.`);
  return size;
}

export function elementCount(shape: Shape, bindings: DimBindings = {}): number {
  return shape.reduce<number>((product, dim) => product * bindDim(dim, bindings), 1);
}

export function sizeBytes(
  value: Pick<Value, 'type' | 'shape'>,
  bindings: DimBindings = {},
): number {
  return elementCount(value.shape, bindings) * bytesPerElement[value.type];
}

/** A dimension that must be a number here, such as the channels that a matrix multiplies. */
export function fixedDim(value: Value, axis: number): number {
  const dim = value.shape.at(axis);
  if (typeof dim !== 'number') {
    throw new Error(
      `Axis ${axis} of "${value.name}" must have a fixed size, it is ${String(dim)}.`,
    );
  }
  return dim;
}
