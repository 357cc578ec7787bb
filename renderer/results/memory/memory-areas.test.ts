import { expect, test } from 'vitest';
import type { MemoryMoment } from '#engine/contract/report.ts';
import { highestMoment, memoryAreas, nearestMoment, timedMoments } from './memory-areas.ts';

function moment(
  atMs: number,
  residentBytes: number,
  given: Partial<Omit<MemoryMoment, 'byKind'>> & { byKind?: Partial<MemoryMoment['byKind']> } = {},
): MemoryMoment {
  const { byKind, ...rest } = given;
  const nothing = { weights: 0, packedCopies: 0, state: 0, activations: 0 };
  return {
    atMs,
    residentBytes,
    stage: null,
    phase: null,
    ...rest,
    byKind: { ...nothing, ...byKind },
  };
}

const running = (stage: string) => ({ stage, phase: 'running' }) as const;

const moments = [
  moment(0, 20e6),
  moment(100, 60e6, { stage: 'encoder', phase: 'loading', byKind: { weights: 30e6 } }),
  moment(150, 60e6, { ...running('encoder'), byKind: { weights: 30e6, activations: 20e6 } }),
  moment(180, 100e6, { ...running('encoder'), byKind: { weights: 30e6, activations: 20e6 } }),
  moment(180, 60e6, { ...running('answer'), byKind: { weights: 30e6, state: 10e6 } }),
  moment(200, 60e6, { byKind: { weights: 30e6, state: 10e6 } }),
];

test('areas lie on one another, and the line over them, on axes with round values', () => {
  const { ground, areas, line, byteTicks, timeTicks } = memoryAreas(moments);
  // 105 MB is the top: 5 % above the highest.
  const heights = (path: string): readonly number[] =>
    path.match(/(?<=,)[\d.]+/g)?.map((y) => Math.round((1 - Number(y) / 100) * 105)) ?? [];
  const there = moments.length;
  // As the encoder began, 10 MB were of no kind, and never fewer.
  expect(heights(ground)).toEqual([...moments.map(() => 10), ...moments.map(() => 0)]);
  const [weights, packed, state, activations] = areas.map(heights);
  expect(weights?.slice(0, there)).toEqual([10, 40, 40, 40, 40, 40]);
  expect(weights?.slice(there)).toEqual([10, 10, 10, 10, 10, 10]);
  expect(packed?.slice(0, there)).toEqual(packed?.slice(there).toReversed());
  expect(state?.slice(0, there)).toEqual([10, 40, 40, 40, 50, 50]);
  expect(activations?.slice(0, there)).toEqual([10, 40, 60, 60, 50, 50]);
  expect(heights(line)).toEqual([20, 60, 60, 100, 60, 60]);
  expect(byteTicks.map(({ value }) => value)).toEqual([0, 50e6, 100e6]);
  expect(timeTicks).toMatchObject([{ share: 0 }, { value: 50 }, {}, {}, { value: 200, share: 1 }]);
});

test('below the areas stands which row was at work, up to where the next one was', () => {
  expect(memoryAreas(moments).work).toEqual([
    { stage: 'encoder', start: 0.5, width: 0.4 },
    { stage: 'answer', start: 0.9, width: 1 - 0.9 },
  ]);
});

test('the timed passes can be looked at alone, a place leads to what is nearest, and the highest is found', () => {
  expect(timedMoments(moments).map(({ atMs }) => atMs)).toEqual([150, 180, 180, 200]);
  expect(timedMoments(moments.slice(0, 2))).toEqual([]);
  const { places } = memoryAreas(moments);
  expect([0, 0.3, 0.7, 2].map((share) => nearestMoment(places, share))).toEqual([0, 1, 2, 5]);
  expect(highestMoment(moments)).toBe(3);
});
