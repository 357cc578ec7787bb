/** What a single operator counts and moves, told from the sizes that ONNX Runtime's profiler saw. Pure. */
import type { Operator } from '../contract/operators.ts';

/** Of a matrix of weights, by how it is kept; scales are a few percent and left out. */
export const bytesPerWeight = { float32: 4, int8: 1, int4: 0.5, w8a8: 1 } as const;
export type Precision = keyof typeof bytesPerWeight;

export interface OperatorWork {
  /** Of all its calls in a pass. */
  readonly flops: number;
  readonly bytes: number;
  /** Whose roof it lies under. */
  readonly precision: Precision;
}

/** Operations and bytes of all calls; sizes are those of the last call. `precision` is the row's. */
export function operatorWork(operator: Operator, precision: Precision): OperatorWork {
  const { kind, calls, bytesPerCall } = operator;
  const own = roundedProducts.has(kind) ? precision : 'float32';
  return {
    flops: calls * flopsOfCall(operator),
    bytes: calls * (bytesPerCall + packedBytes(operator, own)),
    precision: own,
  };
}

/** With a matrix of weights in fewer bits. */
const roundedProducts: ReadonlySet<string> = new Set(['MatMulNBits', 'MatMulIntegerToFloat']);
const products: ReadonlySet<string> = new Set([
  'MatMul',
  'FusedMatMul',
  'Gemm',
  ...roundedProducts,
]);

/** Two a multiply-add; of what multiplies no matrices one a number that it gives, which is the least. */
function flopsOfCall({ kind, inputs, outputs }: Operator): number {
  const [first = [], second = []] = inputs.map(sizesOf);
  const [result = [], held] = outputs.map(sizesOf);
  const numbers = countOf(result);
  if (products.has(kind)) return 2 * numbers * (first.at(-1) ?? 0);
  if (kind === 'Conv' && second.length > 1) return 2 * numbers * countOf(second.slice(1));
  // Query, key and value [1, tokens, channels]: scores, and what is mixed by them.
  if (kind === 'MultiHeadAttention' && second.length === 3)
    return 4 * numbers * (second[1] as number);
  if (kind === 'GroupQueryAttention' && held?.length === 4)
    return 4 * numbers * meanSeen(result[1] as number, held[2] as number);
  return numbers;
}

/** Of so many tokens in all, what the last `fresh` see on average: each one token more than the one before. */
const meanSeen = (fresh: number, all: number): number => all - (fresh - 1) / 2;

/** A matrix of weights that ONNX Runtime has packed for itself is not among what it says it was given. */
function packedBytes({ kind, inputs, outputs }: Operator, precision: Precision): number {
  if (!products.has(kind)) return 0;
  const [first = [], ...others] = inputs.map(sizesOf);
  const matrix = (first.at(-1) ?? 0) * (outputs.map(sizesOf)[0]?.at(-1) ?? 0);
  // Scales and a bias are far fewer than the codes.
  const isTold = others.some((sizes) => countOf(sizes) >= matrix / 2);
  return isTold ? 0 : matrix * bytesPerWeight[precision];
}

/** "1 × 577 × 1024" */
const sizesOf = (text: string): readonly number[] => text.split(' × ').map(Number);

const countOf = (sizes: readonly number[]): number =>
  sizes.reduce((product, size) => product * size, 1);
