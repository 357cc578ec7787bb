/** Causal attention over a cache against the formula with its mask written out, whichever operators compute it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BlockBench } from '#verify/block-bench.testing.ts';
import {
  attend as attendSlowly,
  largestError,
  linear,
  toRows,
  type Rows,
} from '#nodes/slow-formulas.testing.ts';
import type { GraphBuilder } from '../graph-builder.ts';
import type { Value } from '../value.ts';
import { cacheMask, futureMask, totalTokens, windowMask } from './cached-tokens.ts';
import { causalAttention } from './causal-attention.ts';

let bench: BlockBench;
beforeAll(async () => {
  bench = await BlockBench.open();
});
afterAll(() => bench.close());

/** Seven new tokens behind nine in a cache with room for twelve. */
const [fresh, held, capacity] = [7, 9, 12];
const [heads, keyValueHeads, headSize, channels] = [4, 2, 8, 24];
const shape = {
  promptAttention: 'pictures',
  hiddenSize: channels,
  headCount: heads,
  keyValueHeadCount: keyValueHeads,
  headSize,
  queryKeyValueBias: false,
  outputBias: false,
  queryKeyValueClip: 0,
  queryKeyNorm: 'none',
  norm: 'rms',
  normEpsilon: 1e-6,
  scale: headSize ** -0.5,
  softCap: 0,
  linearBiases: false,
  turning: null,
} as const;
const names = { query: 'q', key: 'k', value: 'v', output: 'o', queryNorm: 'qn', keyNorm: 'kn' };

interface Sight {
  readonly window: number | null;
  readonly fused: boolean;
  /** New tokens are those of one picture. */
  readonly together: boolean;
}

async function run({ window, fused, together }: Sight) {
  const cache = [1, keyValueHeads, capacity, headSize];
  return bench.run({ x: [1, fresh, channels], key: cache, value: cache }, (g, given) => ({
    mixed: causalAttention(g, given.x, names, shape, sight(g, given.key, given.value), places(g))
      .output,
  }));

  function sight(g: GraphBuilder, key: Value, value: Value) {
    const [length, isFused] = [g.scalar('int64', held), g.scalar('bool', Number(fused))];
    const reach = { size: window ?? 0, group: heads / keyValueHeads };
    return {
      key,
      value,
      window,
      fused: isFused,
      mask:
        window === null
          ? cacheMask(g, key, length)
          : windowMask(g, key, length, places(g), isFused, reach),
      future: futureMask(g, places(g), isFused, {
        window,
        together: g.scalar('bool', Number(together)),
      }),
      ...totalTokens(g, length, places(g)),
      attended: 'attended',
      pairs: 1,
    };
  }
}

const places = (g: GraphBuilder): Value =>
  g.constant(
    'int64',
    [1, fresh],
    Array.from({ length: fresh }, (_, place) => held + place),
  );

/** A token sees itself and those before it as far as its window reaches; of a picture, all of it. */
function hides({ window, together }: Sight, query: number, place: number): boolean {
  if (together && place >= held) return false;
  return place > held + query || place <= held + query - (window ?? Infinity);
}

/** Head after head [heads][capacity][size] → the cached tokens [held][heads · size]. */
const cachedRows = (numbers: readonly number[]): Rows =>
  Array.from({ length: held }, (_, place) =>
    Array.from({ length: keyValueHeads }, (_none, head) => {
      const start = (head * capacity + place) * headSize;
      return numbers.slice(start, start + headSize);
    }).flat(),
  );

describe.for<[string, number | null]>([
  ['no window', null],
  ['a window that reaches further back than the first token', 30],
  ['a window of all tokens', 16],
  ['a window of 8', 8],
  ['a window of 3', 3],
  ['a window of the token itself', 1],
])('%s', ([, window]) => {
  test.for<Omit<Sight, 'window'>>([
    { fused: true, together: false },
    { fused: false, together: false },
    { fused: false, together: true },
  ])('%o', async (how) => {
    const ran = await run({ window, ...how });
    const x = toRows(ran.numbers('x'), channels);
    const weight = (name: string, inputs: number) => toRows(ran.numbers(`${name}.weight`), inputs);
    const behind = (cached: string, name: string): Rows => [
      ...cachedRows(ran.numbers(cached)),
      ...linear(x, weight(name, channels)),
    ];
    const mixed = attendSlowly(
      linear(x, weight('q', channels)),
      behind('key', 'k'),
      behind('value', 'v'),
      heads,
      keyValueHeads,
      (_head, query, place) => (hides({ window, ...how }, query, place) ? -Infinity : 0),
    );
    const expected = linear(mixed, weight('o', heads * headSize));
    expect(largestError(ran.output('mixed'), expected.flat())).toBeLessThan(1e-5);
  });
});
