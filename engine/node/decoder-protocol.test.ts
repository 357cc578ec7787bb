/** The sizes of a call and of the state where attention slides, counted one token after the other. */
import { describe, expect, it, test } from 'vitest';
import {
  handedOverBytes,
  meanDims,
  segmentDims,
  stateBytes,
  takenBackTokens,
  type StateTensor,
} from './decoder-protocol.ts';

/** A new token sees itself and those before it, as far as the window reaches. */
function pairsSlowly(fresh: number, cached: number, window: number): number {
  let pairs = 0;
  for (let token = cached; token < cached + fresh; token++)
    for (let seen = 0; seen <= token; seen++) if (seen > token - window) pairs += 1;
  return pairs;
}

const sized = (fresh: number, cached: number, window?: number) =>
  segmentDims([{ fresh, visual: 0, cached }], window);

describe('query-key pairs of layers that see a window', () => {
  it.each([
    [1, 0],
    [1, 8],
    [1, 9],
    [1, 40],
    [7, 0],
    [7, 5],
    [30, 0],
    [30, 4],
    [30, 25],
  ])('are counted for %i new tokens over %i', (fresh, cached) => {
    for (const window of [1, 9, 10, 50]) {
      const dims = sized(fresh, cached, window);
      expect(dims['windowPairs0']).toBe(pairsSlowly(fresh, cached, window));
      // Beside those of layers that see everything.
      expect(dims['pairs']).toBe(pairsSlowly(fresh, cached, Infinity));
    }
  });

  it('are on the whole what their mean says, before the window is full and behind', () => {
    const steps = Array.from({ length: 40 }, (_, cached) => sized(1, cached, 10));
    const all = Array.from({ length: 40 }, (_, cached) => pairsSlowly(1, cached, 10));
    const sum = all.reduce((total, pairs) => total + pairs, 0);
    expect(40 * (meanDims(steps)['windowPairs0'] as number)).toBeCloseTo(sum, 6);
  });

  it('have no size where no layer slides', () => {
    expect(Object.keys(sized(3, 4)).filter((name) => name.startsWith('window'))).toEqual([]);
  });
});

test('the state of a window grows no further than what may be taken back, what comes in is counted whole', () => {
  const tensor = { kind: 'key-value', name: '0.key', heads: 2, size: 8, segment: 0 } as const;
  const state: readonly StateTensor[] = [tensor, { ...tensor, name: '1.key', window: 10 }];
  const token = 2 * 8 * 4;
  const bytes = (seen: number) => stateBytes(state, [seen]).keyValueBytes / token;
  expect([0, 9, 60].map(bytes)).toEqual([0, 18, 120]);
  const most = 9 + takenBackTokens;
  expect(bytes(most)).toBe(2 * most);
  expect(bytes(1000)).toBe(1000 + most);
  expect(handedOverBytes(state, [1000])).toBe(2 * 1000 * token);
});
