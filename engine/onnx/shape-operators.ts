/** ONNX operators that move, cut, join and measure, and compute nothing. A mismatch is a bug in a node's body, so it throws. */
import { describe, fixedCount, frontAxis, withAxis } from './axes.ts';
import { int, ints, type GraphBuilder } from './graph-builder.ts';
import { fixedDim, type Dim, type Shape, type Value } from './value.ts';

const symbolsOf = (shape: Shape): string =>
  shape
    .filter((dim) => typeof dim === 'string')
    .toSorted()
    .join();

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
  // A size of 1 leaves an axis as it is.
  const sizes = x.shape.map((_, index) => (index === at ? dim : 1));
  const count = (size: Dim): Value =>
    typeof size === 'number' ? g.list(size) : unsqueeze(g, lengthOf(g, like, likeAxis), 0);
  const shape =
    typeof dim === 'number'
      ? g.list(...sizes.map(Number))
      : concatenate(g, sizes.map(count), 0, sizes.length);
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
