import { expect, test } from 'vitest';
import type { Operator } from '../contract/operators.ts';
import { compareOperators } from './compare-operators.ts';

const operator = (kind: string, part: string, profiledMs: number): Operator => ({
  part,
  name: `${kind}/${part}/${kind}`,
  kind,
  calls: 1,
  profiledMs,
  inputs: [],
  outputs: [],
  bytesPerCall: 0,
});

/** Twice as long under the profiler as without. */
const a = {
  operators: [
    operator('MatMul', 'layers.0', 40),
    operator('MatMul', 'layers.1', 40),
    operator('Softmax', 'layers.0/attention', 18),
    operator('Cast', 'layers.1', 2),
  ],
  latencyMs: 50,
};

/** Told by its pass, it took a tenth of what the profiler found. */
const b = {
  operators: [
    operator('MatMul', 'layers.0', 300),
    operator('MatMul', 'layers.1', 60),
    operator('GroupQueryAttention', 'layers.0/attention', 120),
    operator('Cast', 'layers.1', 20),
  ],
  latencyMs: 50,
};

test('times are those of each run’s own pass, by kind, the largest difference first, and what only one has is told', () => {
  expect(compareOperators(a, b, 'kind')).toEqual([
    { title: 'GroupQueryAttention', aMs: null, bMs: 12, ratio: null, differenceMs: 12 },
    { title: 'Softmax', aMs: 9, bMs: null, ratio: null, differenceMs: -9 },
    { title: 'MatMul', aMs: 40, bMs: 36, ratio: 0.9, differenceMs: -4 },
    { title: 'Cast', aMs: 1, bMs: 2, ratio: 2, differenceMs: 1 },
  ]);
});

test('by layer, the differences of a row add up to that of the row', () => {
  const slower = { ...b, latencyMs: 75 };
  const layers = compareOperators(a, slower, 'layer');
  expect(layers.map(({ title }) => title)).toEqual(['layers.0', 'layers.1']);
  expect(layers[0]?.aMs).toBeCloseTo(29);
  expect(layers[0]?.bMs).toBeCloseTo(63);
  expect(layers.reduce((sum, { differenceMs }) => sum + differenceMs, 0)).toBeCloseTo(25);
});

test('a row that was not profiled in one run has everything in the other alone', () => {
  const differences = compareOperators(a, { operators: [], latencyMs: 5 }, 'kind');
  expect(differences.map(({ bMs }) => bMs)).toEqual([null, null, null]);
  expect(differences[0]).toMatchObject({ title: 'MatMul', ratio: null, differenceMs: -40 });
});
