/** What a cache gives back of keys and values: each number to the nearest that the format has. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BlockBench } from '#verify/block-bench.testing.ts';
import { cast, multiply } from '../operators.ts';
import type { Value } from '../value.ts';
import { kept } from './cache-format.ts';

let bench: BlockBench;
beforeAll(async () => {
  bench = await BlockBench.open();
});
afterAll(() => bench.close());

const [heads, tokens, size] = [2, 40, 6];
/** Of one head of one token each. */
const groupsOf = (numbers: readonly number[]): readonly (readonly number[])[] =>
  Array.from({ length: heads * tokens }, (_, index) =>
    numbers.slice(index * size, (index + 1) * size),
  );
/** Tokens from tiny ones to some beyond half precision; the first is all zeros. */
const factors = Array.from({ length: tokens }, (_, token) =>
  token === 0 ? 0 : 10 ** (token / 5 - 3),
);

async function run(format: 'float16' | 'int8') {
  const ran = await bench.run({ x: [1, heads, tokens, size] }, (g, { x }) => {
    const given = multiply(g, x, g.constant('float32', [1, 1, tokens, 1], factors));
    const { parts, seen } = kept(g, given, format);
    const [codes, scales = seen] = parts as [Value, Value?];
    return { given, seen, codes: cast(g, codes, 'float32'), scales };
  });
  const groups = (name: string) => groupsOf(ran.output(name));
  return { ran, given: groups('given'), seen: groups('seen'), codes: groups('codes') };
}

/** To ten binary digits behind the leading one, fewer below 2^-14; of two as near the even one. */
function half(x: number): number {
  const exponent = Math.max(-14, Math.floor(Math.log2(Math.abs(x))));
  const step = 2 ** (exponent - 10);
  return Math.sign(x) * Math.min(65_504, roundEven(Math.abs(x) / step) * step);
}

function roundEven(x: number): number {
  const below = Math.floor(x);
  if (x - below !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}

test('in half precision, and no number becomes infinite', async () => {
  const { given, seen } = await run('float16');
  expect(given.flat().some((number) => Math.abs(number) > 70_000)).toBe(true);
  // No zero is negative here.
  expect(seen.flat().map((number) => number + 0)).toEqual(
    given.flat().map((number) => (number === 0 ? 0 : half(number) + 0)),
  );
});

test('in whole numbers, as large as the largest number of the head allows', async () => {
  const { ran, given, seen, codes } = await run('int8');
  expect(ran.shapes['scales']).toEqual([1, heads, tokens, 1]);
  const scales = ran.output('scales');
  for (const [index, group] of given.entries()) {
    const most = Math.max(...group.map(Math.abs));
    const scale = scales[index] as number;
    const [code, back] = [codes[index] ?? [], seen[index] ?? []];
    if (most === 0) {
      expect(back.map(Math.abs)).toEqual(group.map(() => 0));
      continue;
    }
    expect(scale).toBeCloseTo(most / 127, 6 - Math.ceil(Math.log10(most)));
    // The largest is kept as it is, but for the last digit of float32.
    expect(Math.max(...code.map(Math.abs))).toBe(127);
    for (const [channel, number] of group.entries()) {
      expect(Math.abs((back[channel] as number) - number)).toBeLessThan(0.5001 * scale);
      expect(back[channel]).toBe(Math.fround((code[channel] as number) * scale));
    }
  }
});
