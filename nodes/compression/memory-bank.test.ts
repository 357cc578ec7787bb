/** The memory bank against the paper's algorithm, one place and one frame after the other. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { estimatedCount, knownCount, type WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { dot, largestError, toRows, type Row, type Rows } from '../slow-formulas.testing.ts';
import { memoryBank } from './memory-bank.ts';

// Every step of a clip is held to the authors' code in the case ma-lmm.
let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const [tokens, channels] = [3, 5];

const clip = (frames: number, items = 1): WireOf<'tokens'> => ({
  kind: 'tokens',
  count: knownCount(tokens),
  channels,
  prefixTokens: 1,
  grid: { rows: 1, columns: 2 },
  views: { known: true, views: frames, most: frames, items, media: 'video' },
});

/** What is remembered of the numbers of a clip, [K][N] rows and how many frames each stands for. */
function rememberSlowly(data: Float32Array, length: number) {
  const rows = toRows(data, channels);
  const frames = rows.length / tokens;
  const places = Array.from({ length: tokens }, (_, place) => {
    const bank: { row: Row; size: number }[] = [];
    for (let frame = 0; frame < frames; frame++) {
      bank.push({ row: rows[frame * tokens + place] as Row, size: 1 });
      if (frame === frames - 1 || bank.length <= length) continue;
      const alike = bank.slice(1).map(({ row }, at) => cosine(bank[at]?.row as Row, row));
      const at = alike.indexOf(Math.max(...alike));
      const [a, b] = bank.slice(at, at + 2) as [(typeof bank)[0], (typeof bank)[0]];
      const size = a.size + b.size;
      const row = a.row.map((x, channel) => (a.size * x + b.size * (b.row[channel] ?? NaN)) / size);
      bank.splice(at, 2, { row, size });
    }
    return bank;
  });
  const kept = places[0]?.length ?? 0;
  const byTime = Array.from({ length: kept }, (_, time) =>
    places.map((bank) => bank[time] as { row: Row; size: number }),
  );
  return {
    rows: byTime.flatMap((frame): Rows => frame.map(({ row }) => row)).flat(),
    sizes: byTime.flatMap((frame) => frame.map(({ size }) => size)),
  };
}

const cosine = (a: Row, b: Row): number => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));

const single = (wire: WireOf<'tokens'>, params = {}, taps: readonly string[] = []) => ({
  definition: memoryBank,
  params: { length: 3, ...params },
  inputs: { tokens: wire },
  taps,
});

const give = (data: Float32Array) => ({
  tokens: float32(data, [data.length / tokens / channels, tokens, channels]),
});

describe('a clip of', () => {
  test.for([
    { frames: 12, length: 3 },
    { frames: 5, length: 2 },
    { frames: 5, length: 3 },
    { frames: 40, length: 10 },
  ])('$frames frames in a bank of $length', async ({ frames, length }) => {
    const data = normalNumbers(frames * tokens * channels, frames);
    const node = single(clip(frames), { length }, ['size']);
    const given = await bench.runNode(node, give(data));
    const expected = rememberSlowly(data, length);
    expect(given['tokens']?.dims).toEqual([1, (length + 1) * tokens, channels]);
    expect(largestError(floatsOf(given['tokens']), expected.rows)).toBeLessThan(1e-5);
    expect(Array.from(floatsOf(given['tap.size']))).toEqual(expected.sizes);
  });

  test.for([1, 3, 4])('%i frames that the bank of 3 holds is left as it is', async (frames) => {
    const data = normalNumbers(frames * tokens * channels, 7);
    const given = await bench.runNode(single(clip(frames)), give(data));
    expect(Array.from(floatsOf(given['tokens']))).toEqual(Array.from(data));
  });

  test('equal frames is one frame, and a frame of zeros is like none', async () => {
    const frame = normalNumbers(tokens * channels, 1);
    const other = normalNumbers(tokens * channels, 2);
    const empty = new Float32Array(tokens * channels);
    const data = Float32Array.from(
      [empty, frame, frame, frame, frame, frame, other].flatMap((each) => Array.from(each)),
    );
    const given = await bench.runNode(single(clip(7), { length: 2 }, ['size']), give(data));
    expect(largestError(floatsOf(given['tokens']), [...empty, ...frame, ...other])).toBeLessThan(
      1e-6,
    );
    expect(Array.from(floatsOf(given['tap.size']))).toEqual([1, 1, 1, 5, 5, 5, 1, 1, 1]);
  });
});

test('of several clips each has its own length, known only when it runs', async () => {
  const node = single(clip(14, 2));
  const { outputs } = valueOf(buildSingleNode(node));
  expect(outputs['tokens']).toMatchObject({
    count: { known: false, tokens: 4 * tokens, most: 4 * tokens },
    views: { known: true, views: 2, items: 2 },
    grid: null,
  });
  for (const frames of [2, 4, 5, 9]) {
    const data = normalNumbers(frames * tokens * channels, frames);
    const given = await bench.runNode(node, give(data));
    expect(largestError(floatsOf(given['tokens']), rememberSlowly(data, 3).rows)).toBeLessThan(
      1e-5,
    );
  }
});

test('the place of a frame in the clip is told by a learned vector', async () => {
  const weights = { kind: 'checkpoint', folder: await bench.newFolder() };
  const frames = 6;
  const node = single(clip(frames), { framePositions: true, positionCount: 8, weights });
  const { model } = valueOf(buildSingleNode(node));
  const known = await writeKnownWeights(weights.folder, [model], 3);
  const table = known.get('image_pe.weight')?.data ?? [];
  expect(known.get('image_pe.weight')?.shape).toEqual([8, channels]);
  const data = normalNumbers(frames * tokens * channels, 5);
  const placed = data.map((number, at) => {
    const frame = Math.floor(at / tokens / channels);
    return number + (table[frame * channels + (at % channels)] ?? NaN);
  });
  const given = await bench.runNode(node, give(data));
  expect(largestError(floatsOf(given['tokens']), rememberSlowly(placed, 3).rows)).toBeLessThan(
    1e-5,
  );
});

test('what cannot be remembered is told', () => {
  const problems = (wire: WireOf<'tokens'>, params = {}) => {
    const outcome = buildSingleNode(single(wire, params));
    return outcome.ok ? [] : outcome.problems.map(({ message }) => message);
  };
  expect(problems({ ...clip(8), count: estimatedCount(2, 3) })).toEqual([
    'A memory bank compares the same place of all frames; wire it before anything that lets the picture decide how many tokens stay.',
  ]);
  expect(problems(clip(9), { framePositions: true, positionCount: 8 })).toEqual([
    'The clip has 9 frames, there are positions for 8; take 8 frames or fewer.',
  ]);
  const warnings = (frames: number) =>
    valueOf(
      memoryBank.infer({
        id: 'bank',
        params: {
          length: 3,
          framePositions: false,
          positionCount: 120,
          weights: { kind: 'random', seed: 0 },
        },
        inputs: { tokens: clip(frames) },
        demands: {},
        wired: new Set(),
      }),
    ).warnings?.map(({ message }) => message);
  expect(warnings(5)).toEqual([]);
  expect(warnings(4)).toEqual([
    '4 frames fit the bank as they are, so nothing melts; wire a longer clip, or make the bank smaller.',
  ]);
});
