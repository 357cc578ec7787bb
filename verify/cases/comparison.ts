/** Computed against recorded values. */
import type { RecordedTensor } from './recorded-case.ts';

export interface Comparison {
  /** What was compared, as the case names it. */
  readonly name: string;
  /** Largest difference of floats; for whole numbers and texts 0 where all are equal, else Infinity. */
  readonly maxAbsError: number;
  readonly atol: number;
  /** How the two differ where they cannot be compared, or where whole numbers or texts are unequal. */
  readonly note?: string;
}

export interface ComputedTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | readonly number[];
}

/** Shapes have to agree, dimensions of one aside; floats within `atol`, whole numbers exactly. */
export function compareTensors(
  name: string,
  computed: ComputedTensor,
  recorded: RecordedTensor,
  atol: number,
): Comparison {
  if (!isSameShape(computed, recorded)) {
    const note = `its shape is [${computed.shape.join(', ')}], recorded is [${recorded.shape.join(', ')}]`;
    return { name, maxAbsError: Infinity, atol, note };
  }
  return recorded.data instanceof Float32Array
    ? { name, maxAbsError: largestDifference(computed.data, recorded.data), atol }
    : compareWholes(name, Array.from(computed.data), recorded.data);
}

function isSameShape(computed: ComputedTensor, recorded: RecordedTensor): boolean {
  const without = (shape: readonly number[]): string => shape.filter((size) => size !== 1).join();
  return (
    without(computed.shape) === without(recorded.shape) &&
    computed.data.length === recorded.data.length
  );
}

function largestDifference(computed: ComputedTensor['data'], expected: Float32Array): number {
  let largest = 0;
  for (const [index, number] of expected.entries()) {
    const difference = Math.abs((computed[index] as number) - number);
    // Written so that a NaN counts as a difference.
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Infinity : difference;
  }
  return largest;
}

export function compareWholes(
  name: string,
  computed: readonly number[],
  recorded: readonly number[],
): Comparison {
  const differs = recorded.findIndex((number, index) => number !== computed[index]);
  if (differs < 0 && computed.length === recorded.length) return { name, maxAbsError: 0, atol: 0 };
  const note =
    differs < 0
      ? `${computed.length} numbers, ${recorded.length} recorded`
      : `number ${differs} is ${computed[differs]}, recorded is ${recorded[differs]}`;
  return { name, maxAbsError: Infinity, atol: 0, note };
}

/** Two texts that must be the same. */
export function compareTexts(name: string, computed: string, recorded: string): Comparison {
  if (computed === recorded) return { name, maxAbsError: 0, atol: 0 };
  const note = `${JSON.stringify(computed.slice(0, 60))}, recorded is ${JSON.stringify(recorded.slice(0, 60))}`;
  return { name, maxAbsError: Infinity, atol: 0, note };
}

/** One name for several things that all have to agree: the first that does not speaks for them. */
export function allOf(name: string, parts: readonly Comparison[]): Comparison {
  const worst = parts.reduce((a, b) => (b.maxAbsError > a.maxAbsError ? b : a));
  const { maxAbsError, atol, note } = worst;
  return { name, maxAbsError, atol, ...(note !== undefined && { note: `${worst.name}: ${note}` }) };
}
