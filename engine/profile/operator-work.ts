/** What a single operator counts and moves, told from the sizes that ONNX Runtime's profiler saw. Pure. */
import type { Operator } from '../contract/operators.ts';
import {
  bytesPerWeight,
  countOf,
  operatorFlops,
  products,
  readSizes,
  roundedProducts,
  type OperatorSizes,
  type Precision,
} from '../estimate/operator-flops.ts';

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
  const sizes = readSizes(operator);
  const own = roundedProducts.has(kind) ? precision : 'float32';
  return {
    flops: calls * operatorFlops(sizes),
    bytes: calls * (bytesPerCall + packedBytes(sizes, own)),
    precision: own,
  };
}

/** A matrix of weights that ONNX Runtime has packed for itself is not among what it says it was given. */
function packedBytes({ kind, inputs, outputs }: OperatorSizes, precision: Precision): number {
  if (!products.has(kind)) return 0;
  const [first = [], ...others] = inputs;
  const matrix = (first.at(-1) ?? 0) * (outputs[0]?.at(-1) ?? 0);
  // Scales and a bias are far fewer than the codes.
  const isTold = others.some((sizes) => countOf(sizes) >= matrix / 2);
  return isTold ? 0 : matrix * bytesPerWeight[precision];
}
