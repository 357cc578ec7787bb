/** ONNX operators with their shape rules. A mismatch here is a bug in a node's body, so it throws. */
import { float, int, ints, text, type GraphBuilder } from './graph-builder.ts';
import { fixedDim, type DataType, type Dim, type Shape, type Value } from './value.ts';

function describe({ name, shape }: Value): string {
  return `"${name}" [${shape.join(', ')}]`;
}

export function broadcastShape(a: Value, b: Value): Shape {
  if (a.type !== b.type) throw new Error(`${describe(a)} is ${a.type}, ${describe(b)} ${b.type}.`);
  const rank = Math.max(a.shape.length, b.shape.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a.shape[a.shape.length - rank + axis] ?? 1;
    const right = b.shape[b.shape.length - rank + axis] ?? 1;
    if (left === right || right === 1) return left;
    if (left === 1) return right;
    throw new Error(`Cannot broadcast ${describe(a)} with ${describe(b)}.`);
  });
}

function elementwise(op: string) {
  return (g: GraphBuilder, a: Value, b: Value): Value =>
    g.op(op, [a, b], { type: a.type, shape: broadcastShape(a, b) });
}

export const add = elementwise('Add');
export const subtract = elementwise('Sub');
export const multiply = elementwise('Mul');
export const divide = elementwise('Div');

function comparison(op: string) {
  return (g: GraphBuilder, a: Value, b: Value): Value =>
    g.op(op, [a, b], { type: 'bool', shape: broadcastShape(a, b) });
}

export const equal = comparison('Equal');
export const greater = comparison('Greater');

function unary(op: string) {
  return (g: GraphBuilder, x: Value): Value => g.op(op, [x], { type: x.type, shape: x.shape });
}

export const sigmoid = unary('Sigmoid');
export const floor = unary('Floor');
export const squareRoot = unary('Sqrt');
export const negate = unary('Neg');

/** x · sigmoid(alpha · x): CLIP's quick GELU with alpha 1.702, SiLU with alpha 1. */
export function quickGelu(g: GraphBuilder, x: Value, alpha: number): Value {
  return g.op('QuickGelu', [x], x, {
    domain: 'com.microsoft',
    attributes: { alpha: float(alpha) },
  });
}

/** GELU by the error function, or by its tanh approximation. */
export function gelu(g: GraphBuilder, x: Value, approximate: 'none' | 'tanh'): Value {
  return g.op('Gelu', [x], x, { attributes: { approximate: text(approximate) } });
}

export function cast(g: GraphBuilder, x: Value, type: DataType): Value {
  const codes: Record<DataType, number> = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 };
  return g.op('Cast', [x], { type, shape: x.shape }, { attributes: { to: int(codes[type]) } });
}

/** Axis `axis` counted from the front. */
function frontAxis(x: Value, axis: number): number {
  return axis < 0 ? x.shape.length + axis : axis;
}

function withAxis(shape: Shape, axis: number, dim: Dim): Shape {
  return shape.map((old, index) => (index === axis ? dim : old));
}

const symbolsOf = (shape: Shape): string =>
  shape
    .filter((dim) => typeof dim === 'string')
    .toSorted()
    .join();

/** The product of the sizes that are numbers. */
const fixedCount = (shape: Shape): number =>
  shape.reduce<number>((product, dim) => (typeof dim === 'number' ? product * dim : product), 1);

/**
 * The same elements under another shape. At most one dimension may be a symbol that does not
 * stand at the same place in the input: ONNX works that one out.
 */
export function reshape(g: GraphBuilder, x: Value, shape: Shape): Value {
  const sizes = shape.map((dim, axis) => {
    if (typeof dim === 'number') return dim;
    return x.shape[axis] === dim ? 0 : -1;
  });
  if (sizes.filter((size) => size === -1).length > 1) {
    throw new Error(
      `Reshape of ${describe(x)} to [${shape.join(', ')}] leaves more than one size open.`,
    );
  }
  if (symbolsOf(x.shape) === symbolsOf(shape) && fixedCount(x.shape) !== fixedCount(shape)) {
    throw new Error(`The elements of ${describe(x)} do not fill [${shape.join(', ')}].`);
  }
  return g.op('Reshape', [x, g.list(...sizes)], { type: x.type, shape });
}

export function transpose(g: GraphBuilder, x: Value, ...order: readonly number[]): Value {
  if (order.toSorted((a, b) => a - b).join() !== [...x.shape.keys()].join()) {
    throw new Error(`[${order.join(', ')}] does not order the axes of ${describe(x)}.`);
  }
  const shape = order.map((axis) => x.shape[axis] as Dim);
  return g.op('Transpose', [x], { type: x.type, shape }, { attributes: { perm: ints(order) } });
}

export function concatenate(
  g: GraphBuilder,
  parts: readonly Value[],
  axis: number,
  dim: Dim,
): Value {
  const first = parts[0] as Value;
  const at = frontAxis(first, axis);
  const lengths = parts.map(({ shape }) => shape[at]);
  const total = lengths.reduce<number>((sum, length) => sum + Number(length), 0);
  const fits = parts.every(
    ({ type, shape }) =>
      type === first.type &&
      withAxis(shape, at, dim).join() === withAxis(first.shape, at, dim).join(),
  );
  if (!fits || (typeof dim === 'number' && total !== dim && !Number.isNaN(total))) {
    throw new Error(`Cannot join ${parts.map(describe).join(', ')} to ${dim} along axis ${axis}.`);
  }
  return g.op(
    'Concat',
    parts,
    { type: first.type, shape: withAxis(first.shape, at, dim) },
    { attributes: { axis: int(at) } },
  );
}

/** Repeats an axis of length 1 as often as axis `likeAxis` of `like` is long. */
export function repeatAs(
  g: GraphBuilder,
  x: Value,
  axis: number,
  like: Value,
  likeAxis: number,
): Value {
  const at = frontAxis(x, axis);
  const dim = like.shape[likeAxis] as Dim;
  if (x.shape[at] !== 1) throw new Error(`Axis ${axis} of ${describe(x)} is not of length 1.`);
  if (dim === 1) return x;
  const count =
    typeof dim === 'number' ? g.list(dim) : unsqueeze(g, lengthOf(g, like, likeAxis), 0);
  // A size of 1 leaves an axis as it is.
  const sizes = x.shape.map((_, index) => (index === at ? count : g.list(1)));
  const shape = concatenate(g, sizes, 0, sizes.length);
  return g.op('Expand', [x, shape], { type: x.type, shape: withAxis(x.shape, at, dim) });
}

/** Elements `from` up to but not including `to` along `axis`; `size` names the result's length. */
export function slice(
  g: GraphBuilder,
  x: Value,
  axis: number,
  from: Value,
  to: Value,
  size: Dim,
): Value {
  const at = frontAxis(x, axis);
  return g.op('Slice', [x, from, to, g.list(at)], {
    type: x.type,
    shape: withAxis(x.shape, at, size),
  });
}

/** Cuts `axis` into runs of the given lengths. */
export function split(
  g: GraphBuilder,
  x: Value,
  axis: number,
  lengths: readonly number[],
): readonly Value[] {
  const at = frontAxis(x, axis);
  if (lengths.reduce((sum, length) => sum + length, 0) !== fixedDim(x, at)) {
    throw new Error(
      `${describe(x)} does not split into ${lengths.join(' + ')} along axis ${axis}.`,
    );
  }
  return g.ops(
    'Split',
    [x, g.list(...lengths)],
    lengths.map((length) => ({ type: x.type, shape: withAxis(x.shape, at, length) })),
    { attributes: { axis: int(at) } },
  ) as readonly Value[];
}

/** Picks entries of `axis` by an index tensor of rank 0 or 1. */
export function gather(g: GraphBuilder, x: Value, indices: Value, axis: number): Value {
  const at = frontAxis(x, axis);
  const shape = [...x.shape.slice(0, at), ...indices.shape, ...x.shape.slice(at + 1)];
  return g.op('Gather', [x, indices], { type: x.type, shape }, { attributes: { axis: int(at) } });
}

export function unsqueeze(g: GraphBuilder, x: Value, axis: number): Value {
  const shape = [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)];
  return g.op('Unsqueeze', [x, g.list(axis)], { type: x.type, shape });
}

export function squeeze(g: GraphBuilder, x: Value, axis: number): Value {
  if (x.shape[axis] !== 1) throw new Error(`Axis ${axis} of ${describe(x)} is not of length 1.`);
  const shape = x.shape.filter((_, index) => index !== axis);
  return g.op('Squeeze', [x, g.list(axis)], { type: x.type, shape });
}

/** All sizes, as an int64 list. */
export function shapeOf(g: GraphBuilder, x: Value): Value {
  return g.op('Shape', [x], { type: 'int64', shape: [x.shape.length] });
}

/** The length of `axis`, counted from the front, as an int64 scalar, for sizes known only when the graph runs. */
export function lengthOf(g: GraphBuilder, x: Value, axis: number): Value {
  const shape = g.op(
    'Shape',
    [x],
    { type: 'int64', shape: [1] },
    {
      attributes: { start: int(axis), end: int(axis + 1) },
    },
  );
  return squeeze(g, shape, 0);
}

/** from, from + 1, … up to but not including to (int64 scalars). */
export function range(g: GraphBuilder, from: Value, to: Value, size: Dim): Value {
  return g.op('Range', [from, to, g.scalar('int64', 1)], { type: 'int64', shape: [size] });
}

export function softmax(g: GraphBuilder, x: Value, axis: number): Value {
  return g.op('Softmax', [x], x, { attributes: { axis: int(axis) } });
}

function reduction(op: string) {
  return (g: GraphBuilder, x: Value, axes: number | readonly number[], keep: boolean): Value => {
    const at = (typeof axes === 'number' ? [axes] : axes).map((axis) => frontAxis(x, axis));
    const shape = keep
      ? x.shape.map((dim, index) => (at.includes(index) ? 1 : dim))
      : x.shape.filter((_, index) => !at.includes(index));
    return g.op(
      op,
      [x, g.list(...at)],
      { type: x.type, shape },
      { attributes: { keepdims: int(keep ? 1 : 0) } },
    );
  };
}

export const sum = reduction('ReduceSum');
export const mean = reduction('ReduceMean');
export const euclideanNorm = reduction('ReduceL2');

/** The `count` largest (or smallest) entries of the last axis, in order, with their indices. */
export function topK(
  g: GraphBuilder,
  x: Value,
  count: Value,
  size: Dim,
  order: 'largest' | 'smallest' = 'largest',
): { values: Value; indices: Value } {
  const shape = withAxis(x.shape, x.shape.length - 1, size);
  const counts = count.shape.length === 0 ? unsqueeze(g, count, 0) : count;
  const [values, indices] = g.ops(
    'TopK',
    [x, counts],
    [
      { type: x.type, shape },
      { type: 'int64', shape },
    ],
    { attributes: { axis: int(-1), largest: int(order === 'largest' ? 1 : 0) } },
  ) as [Value, Value];
  return { values, indices };
}

/** Batched matrix product of two activations, [.., M, K] × [.., K, N] → [.., M, N]. */
export function matmul(g: GraphBuilder, a: Value, b: Value): Value {
  if (a.shape.length < 2 || b.shape.length < 2 || a.shape.at(-1) !== b.shape.at(-2)) {
    throw new Error(`Cannot multiply ${describe(a)} by ${describe(b)}.`);
  }
  const batch = (value: Value) => ({ ...value, shape: value.shape.slice(0, -2) });
  const batches = broadcastShape(batch(a), batch(b));
  const shape = [...batches, a.shape.at(-2) as Dim, b.shape.at(-1) as Dim];
  const dims = [...shape, a.shape.at(-1) as Dim];
  g.work(
    fixedCount(dims),
    dims.filter((dim) => typeof dim === 'string'),
  );
  return g.op('MatMul', [a, b], { type: a.type, shape });
}

/** Fills the end of `axis` with zeros up to `size`. */
export function padEnd(g: GraphBuilder, x: Value, axis: number, size: number): Value {
  const at = frontAxis(x, axis);
  const missing = size - fixedDim(x, at);
  if (missing < 0) throw new Error(`Axis ${axis} of ${describe(x)} is longer than ${size}.`);
  if (missing === 0) return x;
  const pads = Array.from({ length: 2 * x.shape.length }, (_, index) =>
    index === x.shape.length + at ? missing : 0,
  );
  return g.op('Pad', [x, g.list(...pads)], { type: x.type, shape: withAxis(x.shape, at, size) });
}
