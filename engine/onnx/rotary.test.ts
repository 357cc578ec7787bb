import { describe, expect, it } from 'vitest';
import { fillRotaryTable, rotaryTables, type RotaryShape } from './rotary.ts';

const plain: RotaryShape = {
  size: 8,
  base: 10_000,
  scaling: 'none',
  factor: 1,
  trainedContext: 4096,
  lowFrequencyFactor: 1,
  highFrequencyFactor: 4,
  shortFactors: [],
  longFactors: [],
};

const shortContext = { ...plain, size: 16, trainedContext: 4096 } as const;
const llama = { ...plain, size: 32, base: 500_000, trainedContext: 8192 } as const;
const qwen = { ...plain, size: 32, base: 1_000_000, trainedContext: 32_768 } as const;

/**
 * What transformers 5.18 computes for the same settings (modeling_rope_utils.py, ROPE_INIT_FUNCTIONS),
 * in float32; the last number multiplies cosine and sine.
 */
const recorded: readonly (readonly [string, RotaryShape, readonly number[], number])[] = [
  [
    'linear',
    { ...plain, scaling: 'linear', factor: 4 },
    [0.25, 0.0250000004, 0.00249999994, 0.000250000012],
    1,
  ],
  [
    'llama3',
    { ...llama, scaling: 'llama3', factor: 8 },
    [
      1, 0.440366626, 0.193922758, 0.0853971019, 0.0376060307, 0.0165604409, 0.00729266508,
      0.00321144611, 0.000524846022, 7.78465546e-5, 3.42810235e-5, 1.50962178e-5, 6.64786967e-6,
      2.92749974e-6, 1.28917316e-6, 5.6770881e-7,
    ],
    1,
  ],
  [
    'yarn, as Qwen stretches four times',
    { ...qwen, scaling: 'yarn', factor: 4 },
    [
      1, 0.421696514, 0.177827939, 0.0749894157, 0.0316227786, 0.0133352149, 0.00477990136,
      0.00165996165, 0.000549999997, 0.000168678584, 4.44569851e-5, 1.87473561e-5, 7.90569356e-6,
      3.33380353e-6, 1.40585337e-6, 5.92843435e-7,
    ],
    1.138629436111989,
  ],
  [
    'yarn, sixteen times on a small base',
    { ...shortContext, scaling: 'yarn', factor: 16 },
    [
      1, 0.316227764, 0.100000001, 0.0242111888, 0.00531250006, 0.000938801211, 6.2500003e-5,
      1.97642366e-5,
    ],
    1.2772588722239782,
  ],
];

describe('rotary frequencies', () => {
  it('are powers of the base, from one radian a position down', () => {
    const { frequencies, scale, rows } = rotaryTables(plain, 7)[0];
    expect({ scale, rows }).toEqual({ scale: 1, rows: 7 });
    expectClose(frequencies, [1, 0.1, 0.01, 0.001]);
  });

  it.each(recorded)('are the reference ones: %s', (_, shape, frequencies, scale) => {
    const table = rotaryTables(shape, 1)[0];
    expectClose(table.frequencies, frequencies);
    expect(table.scale).toBeCloseTo(scale, 12);
  });

  it('are kept where fast, stretched where slow, and in between blended (llama3)', () => {
    const shape = { ...llama, scaling: 'llama3', factor: 8 } as const;
    const before = rotaryTables({ ...shape, scaling: 'none' }, 1)[0].frequencies;
    const after = rotaryTables(shape, 1)[0].frequencies;
    for (const [pair, frequency] of before.entries()) {
      const wavelength = (2 * Math.PI) / frequency;
      const stretch = frequency / after[pair]!;
      if (wavelength < 8192 / 4) expect(stretch).toBe(1);
      else if (wavelength > 8192) expect(stretch).toBeCloseTo(8, 9);
      else expect(stretch > 1 && stretch < 8).toBe(true);
    }
  });

  it('do not change where nothing is stretched', () => {
    const same = (scaling: RotaryShape['scaling']) => rotaryTables({ ...llama, scaling }, 3)[0];
    for (const scaling of ['linear', 'llama3', 'yarn'] as const) {
      expectClose(same(scaling).frequencies, same('none').frequencies);
      expect(same(scaling).scale).toBe(1);
    }
  });
});

it('the table holds a row a position, scaled', () => {
  const table = { rows: 3, frequencies: [1, 0.25], scale: 2 };
  const cosine = [0, 1, 2].flatMap((row) => [2 * Math.cos(row), 2 * Math.cos(row / 4)]);
  const sine = [0, 1, 2].flatMap((row) => [2 * Math.sin(row), 2 * Math.sin(row / 4)]);
  expectClose([...fillRotaryTable(table, 'rotary-cosine')], cosine);
  expectClose([...fillRotaryTable(table, 'rotary-sine')], sine);
});

/** Equal as far as a chain of float32 operations goes. */
function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  for (const [index, number] of expected.entries()) {
    const error = Math.abs(actual[index]! - number);
    expect(error, `number ${index}`).toBeLessThanOrEqual(1e-6 * Math.abs(number));
  }
}
