/** Positions of three parts: when, in which row and in which column a token stands. Qwen2-VL (2409.12191). */
import type { VisualRun } from './segments.ts';

export interface SequencePositions {
  /** When, row and column, one number a token each. */
  readonly parts: readonly [Int32Array, Int32Array, Int32Array];
  /** All three of the first token that comes behind the sequence. */
  readonly next: number;
}

/**
 * Words count all three on together; visual tokens count, from the same start, the steps of their clip (each `clipStep`
 * positions long), the rows and the columns of their grid. What follows them goes on behind their longer side.
 */
export function gridPositions(
  length: number,
  visual: readonly VisualRun[],
  clipStep: number,
): SequencePositions {
  const parts = [new Int32Array(length), new Int32Array(length), new Int32Array(length)] as const;
  const [times, rowsOf, columnsOf] = parts;
  let place = 0;
  let next = 0;
  const countTo = (end: number): void => {
    for (; place < end; place++, next++) for (const part of parts) part[place] = next;
  };
  for (const { start, count, rows = 1, steps = 1 } of visual) {
    countTo(start);
    const inStep = count / steps;
    const columns = inStep / rows;
    for (let index = 0; index < count; index++, place++) {
      times[place] = next + Math.floor(index / inStep) * clipStep;
      rowsOf[place] = next + Math.floor((index % inStep) / columns);
      columnsOf[place] = next + (index % columns);
    }
    // However long the clip, as in the published code; only an answer begins behind everything.
    next += Math.max(rows, columns);
  }
  countTo(length);
  const largest = parts.flatMap((part) => Array.from(part)).reduce((a, b) => Math.max(a, b), -1);
  return { parts: [...parts], next: largest + 1 };
}
