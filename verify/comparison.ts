/** Computed against recorded numbers. */
import type { RecordedTensor } from './recorded-case.ts';

export interface Comparison {
  /** What was compared, as the case names it. */
  readonly output: string;
  /** Largest difference of floats; for whole numbers 0 where all are equal, else Infinity. */
  readonly maxAbsError: number;
  readonly atol: number;
  /** How the two differ where they cannot be compared, or where whole numbers are unequal. */
  readonly note?: string;
}

/** Computed numbers, in the order of the recorded ones. */
export function compareFloats(
  output: string,
  computed: Float32Array,
  recorded: RecordedTensor,
  atol: number,
): Comparison {
  const expected = recorded.data;
  if (computed.length !== expected.length) {
    const note = `${computed.length} numbers, ${expected.length} recorded [${recorded.shape.join(', ')}]`;
    return { output, maxAbsError: Infinity, atol, note };
  }
  let maxAbsError = 0;
  for (let index = 0; index < expected.length; index++) {
    const difference = Math.abs((computed[index] as number) - (expected[index] as number));
    // Written so that a NaN counts as a difference.
    if (!(difference <= maxAbsError))
      maxAbsError = Number.isNaN(difference) ? Infinity : difference;
  }
  return { output, maxAbsError, atol };
}

export function compareWholes(
  output: string,
  computed: readonly number[],
  recorded: readonly number[],
): Comparison {
  const differs = recorded.findIndex((number, index) => number !== computed[index]);
  if (differs < 0 && computed.length === recorded.length)
    return { output, maxAbsError: 0, atol: 0 };
  const note =
    differs < 0
      ? `${computed.length} numbers, ${recorded.length} recorded`
      : `number ${differs} is ${computed[differs]}, recorded is ${recorded[differs]}`;
  return { output, maxAbsError: Infinity, atol: 0, note };
}

/** Two texts that must be the same. */
export function compareTexts(output: string, computed: string, recorded: string): Comparison {
  if (computed === recorded) return { output, maxAbsError: 0, atol: 0 };
  const note = `${JSON.stringify(computed.slice(0, 60))}, recorded is ${JSON.stringify(recorded.slice(0, 60))}`;
  return { output, maxAbsError: Infinity, atol: 0, note };
}
