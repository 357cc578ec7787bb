/** ONNX operators that compute, with their shape rules. A mismatch is a bug in a node's body, so it throws. */
import { describe, fixedCount, frontAxis, withAxis } from './axes.ts';
import { float, int, text, type GraphBuilder } from './graph-builder.ts';
import { unsqueeze } from './shape-operators.ts';
import { dataTypeCodes, type DataType, type Dim, type Shape, type Value } from './value.ts';

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
export const exponential = unary('Exp');

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
  const to = int(dataTypeCodes[type]);
  return g.op('Cast', [x], { type, shape: x.shape }, { attributes: { to } });
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
export const largest = reduction('ReduceMax');
export const smallest = reduction('ReduceMin');

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

/** Bent smoothly to stay between -cap and cap; 0 stands for no cap. */
export function softCapped(g: GraphBuilder, x: Value, cap: number): Value {
  if (cap === 0) return x;
  const part = multiply(g, x, g.scalar('float32', 1 / cap));
  return multiply(g, g.op('Tanh', [part], x), g.scalar('float32', cap));
}

/** Cut off at -bound and bound; 0 stands for no bound. */
export function clipped(g: GraphBuilder, x: Value, bound: number): Value {
  if (bound === 0) return x;
  return g.op('Clip', [x, g.scalar('float32', -bound), g.scalar('float32', bound)], x);
}
