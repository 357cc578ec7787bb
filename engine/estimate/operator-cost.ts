/** What one call of an operator works and moves, and which operators are alike. From sizes alone, so that what is foretold and what was profiled are reckoned by one rule. Pure. */
import type { MachineRates } from '../contract/calibration.ts';
import {
  bytesPerWeight,
  countOf,
  operatorFlops,
  products,
  roundedProducts,
  type OperatorSizes,
  type Precision,
} from './operator-flops.ts';

export interface OperatorCost {
  /** Which kernel runs it, and that with the precision of its weights where they are rounded. */
  readonly kernel: string;
  readonly kind: string;
  /** Operators of a kind and a size reach the same share of what a machine gives. */
  readonly size: string;
  /** So small that it takes what starting it takes. */
  readonly isTiny: boolean;
  readonly precision: Precision;
  readonly flops: number;
  readonly bytes: number;
}

/** Names of kernels that are one: what ONNX Runtime makes of an emitted operator when a graph is prepared. */
const sameKind: Readonly<Record<string, string>> = {
  FusedMatMul: 'MatMul',
  Gemm: 'MatMul',
  FusedGemm: 'MatMul',
  FusedConv: 'Conv',
  BiasGelu: 'Gelu',
};

export const kernelOf = (kind: string): string => sameKind[kind] ?? kind;

/** Those that read of their first input no more than they give. */
const lookups: ReadonlySet<string> = new Set([
  'Gather',
  'GatherElements',
  'GatherND',
  'GatherBlockQuantized',
  'Slice',
  // Of tables by position a row each.
  'RotaryEmbedding',
]);
/** Those that look at no number. */
const sizeReaders: ReadonlySet<string> = new Set(['Shape', 'Size', 'If', 'Scan', 'Range']);
const attentions: ReadonlySet<string> = new Set(['MultiHeadAttention', 'GroupQueryAttention']);

/** `precision` is that of the stage. */
export function operatorCost(given: OperatorSizes, precision: Precision): OperatorCost {
  const kind = kernelOf(given.kind);
  const isRounded = roundedProducts.has(kind);
  const own = isRounded ? precision : 'float32';
  const isProduct = products.has(given.kind) || kind === 'MatMul';
  const isWorking = isProduct || kind === 'Conv' || attentions.has(kind);
  const flops = isWorking ? operatorFlops({ ...given, kind }) : 0;
  const bytes = isProduct ? productBytes(given, own) : movedBytes(kind, given);
  return {
    kernel: kind,
    kind: isRounded ? `${kind} ${own}` : kind,
    ...(isProduct
      ? productSize(given, flops)
      : kind === 'Conv'
        ? convolutionSize(given)
        : attentions.has(kind)
          ? attentionSize(given)
          : movedSize(bytes)),
    precision: own,
    flops,
    bytes,
  };
}

/** "MatMul many large" */
export const alikeKey = ({ kind, size }: OperatorCost): string => `${kind} ${size}`;

/** Seconds at the least: under the roof of its precision, or of memory. */
export function roofSeconds(
  { flops, bytes, precision }: OperatorCost,
  { matrixFlopsPerSecond, memoryBytesPerSecond }: MachineRates,
): number {
  return Math.max(flops / matrixFlopsPerSecond[precision], bytes / memoryBytesPerSecond);
}

/** Most numbers have four bytes. */
const numberBytes = 4;

function movedBytes(kind: string, { inputs, outputs }: OperatorSizes): number {
  if (sizeReaders.has(kind)) return 0;
  const given = outputs.reduce((sum, sizes) => sum + countOf(sizes), 0);
  const read = lookups.has(kind) ? given : inputs.reduce((sum, sizes) => sum + countOf(sizes), 0);
  return numberBytes * (given + read);
}

/** Is the right side a matrix of weights, which all rows share? ONNX Runtime does not tell of one that it has packed. */
const isShared = ({ inputs: [, second] }: OperatorSizes): boolean =>
  second === undefined || second.length <= 2;

function productBytes(given: OperatorSizes, precision: Precision): number {
  const { inputs, outputs } = given;
  const [first = [], second = []] = inputs;
  const [result = []] = outputs;
  const rows = countOf(result.slice(0, -1));
  const matrix =
    isShared(given) || roundedProducts.has(given.kind)
      ? (first.at(-1) ?? 0) * (result.at(-1) ?? 0) * bytesPerWeight[precision] * Math.min(1, rows)
      : numberBytes * countOf(second);
  return matrix + numberBytes * (countOf(first) + countOf(result));
}

interface OperatorSize {
  readonly size: string;
  readonly isTiny: boolean;
}

/** Below these a call takes no longer than its start. */
const tinyFlops = 2 ** 17;
const tinyBytes = 2 ** 14;

const rowsWord = (rows: number): string => (rows < 2 ? 'row' : rows < 16 ? 'rows' : 'many');
/** By numbers of a matrix: one core's caches hold it, those of all do, or none. */
const matrixWord = (numbers: number): string =>
  numbers < 2 ** 17 ? 'small' : numbers < 2 ** 21 ? 'medium' : 'large';

function productSize(given: OperatorSizes, flops: number): OperatorSize {
  const [first = []] = given.inputs;
  const [result = []] = given.outputs;
  const isOne = isShared(given) || roundedProducts.has(given.kind);
  const rows = isOne ? countOf(result.slice(0, -1)) : (result.at(-2) ?? 1);
  const numbers = (first.at(-1) ?? 1) * (result.at(-1) ?? 1);
  const each = isOne ? '' : 'batched ';
  return { size: `${each}${rowsWord(rows)} ${matrixWord(numbers)}`, isTiny: flops < tinyFlops };
}

function convolutionSize({ inputs, outputs }: OperatorSizes): OperatorSize {
  const [, weight = []] = inputs;
  const [result = []] = outputs;
  const [channelsOut = 1, channelsIn = 1, ...kernel] = weight;
  const form =
    channelsIn === 1 && channelsOut > 1
      ? 'depthwise'
      : countOf(kernel) === 1
        ? 'pointwise'
        : channelsIn < 16
          ? 'first'
          : 'dense';
  return { size: `${form} ${rowsWord(countOf(result.slice(2)))}`, isTiny: false };
}

/** What single scores cost is hidden where a kernel works many off. */
const attentionSize = ({ inputs: [query = []] }: OperatorSizes): OperatorSize => ({
  size: rowsWord(query.at(1) ?? 1),
  isTiny: false,
});

function movedSize(bytes: number): OperatorSize {
  const isTiny = bytes < tinyBytes;
  const word =
    bytes < 2 ** 18 ? 'small' : bytes < 2 ** 21 ? 'medium' : bytes < 2 ** 25 ? 'large' : 'huge';
  return { size: isTiny ? 'tiny' : word, isTiny };
}
