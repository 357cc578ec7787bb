/** Rotary position embedding: frequencies and their published stretchings for long contexts. */
import type { RotaryTable } from './weight.ts';

export const rotaryScalings = ['none', 'linear', 'llama3', 'yarn', 'longrope'] as const;
export type RotaryScaling = (typeof rotaryScalings)[number];

export interface RotaryShape {
  /** Rotated channels of a head, even; the rest of the head passes through. */
  readonly size: number;
  readonly base: number;
  readonly scaling: RotaryScaling;
  /** How many times longer than the trained context. */
  readonly factor: number;
  /** Context the model was trained on before it was stretched. */
  readonly trainedContext: number;
  /** llama3 only: wavelengths between trained/high and trained/low are blended. */
  readonly lowFrequencyFactor: number;
  readonly highFrequencyFactor: number;
  /** longrope only: what each frequency is divided by, in sequences within the trained context and in longer ones. */
  readonly shortFactors: readonly number[];
  readonly longFactors: readonly number[];
}

/** Turns of a wavelength within the trained context at which YaRN starts and stops blending. */
const yarnFastTurns = 32;
const yarnSlowTurns = 1;

/**
 * The tables for positions 0 up to `rows`: one, or with longrope that of short sequences and that of long ones.
 * Formulas: RoFormer (2104.09864), Llama 3.1, YaRN (2309.00071), LongRoPE (2402.13753).
 */
export function rotaryTables(
  shape: RotaryShape,
  rows: number,
): readonly [RotaryTable, ...RotaryTable[]] {
  if (shape.scaling !== 'longrope') return [rotaryTable(shape, rows, shape.scaling)];
  const stretched = (factors: readonly number[]): RotaryTable => {
    const plain = rotaryTable(shape, rows, 'none');
    const frequencies = plain.frequencies.map(
      (frequency, pair) => frequency / (factors[pair] ?? 1),
    );
    return { rows, frequencies, scale: longropeScale(shape) };
  };
  return [stretched(shape.shortFactors), stretched(shape.longFactors)];
}

function longropeScale({ factor, trainedContext }: RotaryShape): number {
  return factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(trainedContext));
}

function rotaryTable(
  shape: RotaryShape,
  rows: number,
  scaling: Exclude<RotaryScaling, 'longrope'>,
): RotaryTable {
  const pairs = shape.size / 2;
  const plain = Array.from({ length: pairs }, (_, pair) => shape.base ** (-pair / pairs));
  switch (scaling) {
    case 'none':
      return { rows, frequencies: plain, scale: 1 };
    case 'linear':
      return { rows, frequencies: plain.map((frequency) => frequency / shape.factor), scale: 1 };
    case 'llama3':
      return { rows, frequencies: plain.map((frequency) => llama3(frequency, shape)), scale: 1 };
    case 'yarn':
      return { rows, frequencies: yarn(plain, shape), scale: 0.1 * Math.log(shape.factor) + 1 };
  }
}

function llama3(frequency: number, shape: RotaryShape): number {
  const turns = (shape.trainedContext * frequency) / (2 * Math.PI);
  const low = shape.lowFrequencyFactor;
  const high = shape.highFrequencyFactor;
  const kept = Math.min(Math.max((turns - low) / (high - low), 0), 1);
  return frequency * (kept + (1 - kept) / shape.factor);
}

function yarn(plain: readonly number[], shape: RotaryShape): readonly number[] {
  const pairOfTurns = (turns: number) =>
    (shape.size * Math.log(shape.trainedContext / (turns * 2 * Math.PI))) /
    (2 * Math.log(shape.base));
  const low = Math.max(Math.floor(pairOfTurns(yarnFastTurns)), 0);
  const high = Math.min(Math.ceil(pairOfTurns(yarnSlowTurns)), shape.size - 1);
  const width = Math.max(high - low, 0.001);
  return plain.map((frequency, pair) => {
    const stretched = Math.min(Math.max((pair - low) / width, 0), 1);
    return frequency * (1 - stretched + stretched / shape.factor);
  });
}

/** Cosine or sine of every position and frequency, [rows, pairs]. */
export function fillRotaryTable(
  { rows, frequencies, scale }: RotaryTable,
  part: 'rotary-cosine' | 'rotary-sine',
): Float32Array {
  const wave = part === 'rotary-cosine' ? Math.cos : Math.sin;
  const table = new Float32Array(rows * frequencies.length);
  const pairs = frequencies.length;
  for (let row = 0; row < rows; row++) {
    for (let pair = 0; pair < pairs; pair++) {
      table[row * pairs + pair] = scale * wave(row * frequencies[pair]!);
    }
  }
  return table;
}
