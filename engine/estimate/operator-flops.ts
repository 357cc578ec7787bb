/** The arithmetic of a single operator, by its kind and the sizes of what it is given and gives. Pure. */
import type { Operator } from '../contract/operators.ts';

/** Of a matrix of weights, by how it is kept; scales are a few percent and left out. */
export const bytesPerWeight = { float32: 4, int8: 1, int4: 0.5, w8a8: 1 } as const;
export type Precision = keyof typeof bytesPerWeight;

export type Sizes = readonly number[];

export interface OperatorSizes {
  readonly kind: string;
  readonly inputs: readonly Sizes[];
  readonly outputs: readonly Sizes[];
}

/** Those of the last call that the profiler saw. */
export const readSizes = ({
  kind,
  inputs,
  outputs,
}: Pick<Operator, 'kind' | 'inputs' | 'outputs'>): OperatorSizes => ({
  kind,
  inputs: inputs.map(sizesOf),
  outputs: outputs.map(sizesOf),
});

/** With a matrix of weights in fewer bits. */
export const roundedProducts: ReadonlySet<string> = new Set([
  'MatMulNBits',
  'MatMulIntegerToFloat',
]);
export const products: ReadonlySet<string> = new Set([
  'MatMul',
  'FusedMatMul',
  'Gemm',
  ...roundedProducts,
]);

/** Two a multiply-add; of what multiplies no matrices one a number that it gives, which is the least. */
export function operatorFlops({ kind, inputs, outputs }: OperatorSizes): number {
  const [first = [], second = []] = inputs;
  const [result = [], held] = outputs;
  const numbers = countOf(result);
  if (products.has(kind)) return 2 * numbers * addedProducts(first, result);
  if (kind === 'Conv' && second.length > 1) return 2 * numbers * countOf(second.slice(1));
  // Query, key and value [1, tokens, channels]: scores, and what is mixed by them.
  if (kind === 'MultiHeadAttention' && second.length === 3)
    return 4 * numbers * (second[1] as number);
  if (kind === 'GroupQueryAttention' && held?.length === 4)
    return 4 * numbers * meanSeen(result[1] as number, held[2] as number);
  return numbers;
}

/** Numbers in each sum of a product; the left side may be turned. */
export function addedProducts(left: Sizes, result: Sizes): number {
  const added = countOf(left) / Math.max(1, countOf(result.slice(0, -1)));
  return Number.isInteger(added) ? added : (left.at(-1) ?? 0);
}

/** Of so many tokens in all, what the last `fresh` see on average: each one token more than the one before. */
const meanSeen = (fresh: number, all: number): number => all - (fresh - 1) / 2;

/** "1 × 577 × 1024" */
const sizesOf = (text: string): Sizes => text.split(' × ').map(Number);

export const countOf = (sizes: Sizes): number => sizes.reduce((product, size) => product * size, 1);
