/** The cache holds what was put into it, however often it has to make room. */
import { describe, expect, test } from 'vitest';
import { takenBackTokens } from '#engine/node/decoder-protocol.ts';
import { float32, type Tensor } from '../sessions/sessions.ts';
import { KeyValueCache } from './key-value-cache.ts';

/** Layers from 1 on drop tokens. */
const segmentOf = (name: string) => (name.startsWith('0') ? 0 : 1);

const shapesOf = (layers: readonly number[]) =>
  layers.flatMap((layer) =>
    ['key', 'value'].map((part) => {
      const name = `${layer}.${part}`;
      return { kind: 'key-value', name, heads: 2, size: 4, segment: segmentOf(name) } as const;
    }),
  );

const shapes = shapesOf([0, 1, 2]);
const names = shapes.map(({ name }) => name);

/** Every number tells its tensor, head, token and channel. */
const numberAt = (name: string, head: number, token: number, channel: number) =>
  100_000 * names.indexOf(name) + 10_000 * head + 10 * token + channel;

/** What a step gives that had these tokens, by segment. */
function outputsFor(tokens: readonly (readonly number[])[]) {
  const entries = names.map((name): [string, Tensor] => {
    const ids = tokens[segmentOf(name)] as readonly number[];
    const numbers = [0, 1].flatMap((head) =>
      ids.flatMap((token) => [0, 1, 2, 3].map((channel) => numberAt(name, head, token, channel))),
    );
    return [`new.${name}`, float32(Float32Array.from(numbers), [1, 2, ids.length, 4])];
  });
  return Object.fromEntries(entries);
}

const nothing = { certain: 0, possible: 0 };

const tokensFrom = (start: number, count: number) =>
  Array.from({ length: count }, (_, index) => start + index);

const sizeOf = (cache: KeyValueCache, name: string): number =>
  cache.feeds()[`past.${name}`]?.dims[2] ?? 0;

/** The tokens that each tensor holds. */
function tokensIn(cache: KeyValueCache) {
  const found = names.map(
    (name) => [name, tokensOf(cache, name, cache.length[segmentOf(name)] as number)] as const,
  );
  return Object.fromEntries(found);
}

/** The first `length` tokens that a tensor holds, read back from their numbers. */
function tokensOf(cache: KeyValueCache, name: string, length: number): readonly number[] {
  const { data, dims } = cache.feeds()[`past.${name}`] as Tensor;
  const [, heads = 0, capacity = 0, size = 0] = dims;
  return Array.from({ length }, (_, place) => {
    const at = (head: number, channel: number) =>
      Number(data[(head * capacity + place) * size + channel]);
    const token = Math.floor((at(0, 0) % 10_000) / 10);
    for (let head = 0; head < heads; head++) {
      for (let channel = 0; channel < size; channel++) {
        expect(at(head, channel)).toBe(numberAt(name, head, token, channel));
      }
    }
    return token;
  });
}

test('growing keeps every token of every head at its place, in both segments of layers', () => {
  const cache = new KeyValueCache(shapes, 2);
  // A prompt of 40, of which the deeper layers keep 23; then an answer of 300, one by one.
  const full = tokensFrom(0, 40);
  const kept = full.filter((token) => token < 10 || token >= 27);
  cache.append(outputsFor([full, kept]), [40, 23], nothing);
  const sizes = new Set([cache.sizeBytes]);
  for (let token = 40; token < 340; token++) {
    const outputs = outputsFor([[token], [token]]);
    cache.append(outputs, [1, 1], nothing);
    // What was copied may go.
    expect(outputs).toEqual({});
    full.push(token);
    kept.push(token);
    sizes.add(cache.sizeBytes);
  }
  expect(cache.length).toEqual([340, 323]);
  expect(sizes.size).toBeGreaterThan(10);
  for (const [name, tokens] of Object.entries(tokensIn(cache))) {
    expect(tokens).toEqual(segmentOf(name) === 0 ? full : kept);
  }
});

test('room is made ahead for what is expected, and no more than is sensible', () => {
  const cache = new KeyValueCache(shapesOf([0]), 1);
  const step = (count: number, possible: number, certain = 0) => {
    const numbers = () => float32(new Float32Array(2 * count * 4), [1, 2, count, 4]);
    const outputs = { 'new.0.key': numbers(), 'new.0.value': numbers() };
    cache.append(outputs, [count], { certain, possible });
    return cache.sizeBytes / (2 * 2 * 4 * 4);
  };
  expect(step(10, 20)).toBe(32);
  const answer = Array.from({ length: 20 }, (_, token) => step(1, 19 - token));
  expect(new Set(answer)).toEqual(new Set([32]));
  // Of 5,000 expected tokens only the next 128 get room.
  expect(step(3, 5000)).toBe(176);

  cache.clear();
  expect(cache.length).toEqual([0]);
  expect(cache.feeds()['past.0.key']?.dims).toEqual([1, 2, 0, 4]);
  // Room that is a little too large stays, room that is far too large does not.
  expect(step(5, 0)).toBe(176);
  expect(step(2000, 0)).toBe(2016);
  cache.clear();
  expect(step(5, 10)).toBe(16);
  // The rest of a prompt gets room at once.
  expect(step(300, 10, 700)).toBe(1024);
});

describe('layers whose attention slides', () => {
  const window = 10;
  /** What the next token sees, and what may be taken back. */
  const least = window - 1 + takenBackTokens;
  /** Layer 0 sees everything, layer 1 a window of it. */
  const sliding = shapesOf([0, 1]).map((shape) => ({
    ...shape,
    segment: 0,
    ...(shape.name.startsWith('1') && { window }),
  }));
  const append = (cache: KeyValueCache, tokens: readonly number[]): void => {
    const outputs = outputsFor([tokens, tokens]);
    const wanted = Object.entries(outputs).filter(([name]) => !name.startsWith('new.2'));
    cache.append(Object.fromEntries(wanted), [tokens.length], nothing);
  };
  const heldIn = (cache: KeyValueCache) => {
    const [length, held] = [cache.length[0] as number, cache.windowLength[0] as number];
    return {
      whole: tokensOf(cache, '0.key', length),
      window: tokensOf(cache, '1.value', held),
    };
  };

  test('hold the last tokens, in room that grows no further than these need', () => {
    const cache = new KeyValueCache(sliding, 1);
    append(cache, tokensFrom(0, 30));
    expect(heldIn(cache).window).toEqual(tokensFrom(0, 30));
    const bytes: number[] = [];
    let moves = 0;
    for (let token = 30; token < 500; token++) {
      const before = cache.windowLength[0] as number;
      append(cache, [token]);
      const { whole, window: held } = heldIn(cache);
      expect(whole).toEqual(tokensFrom(0, token + 1));
      expect(held).toEqual(tokensFrom(token + 1 - held.length, held.length));
      expect(held.length).toBeGreaterThanOrEqual(Math.min(token + 1, least));
      if (held.length <= before) moves += 1;
      bytes.push(sizeOf(cache, '1.key'));
    }
    // The oldest go in steps of 64, so that what stays is seldom moved.
    expect(moves).toBe(Math.floor((499 - least) / 65));
    expect(Math.max(...bytes)).toBe(Math.ceil((least + 64) / 16) * 16);
  });

  test.for([1, 100, 137, 138, 300])('keep the end of a piece of %s tokens', (count) => {
    const cache = new KeyValueCache(sliding, 1);
    append(cache, tokensFrom(0, 20));
    append(cache, tokensFrom(20, count));
    const all = 20 + count;
    const held = all <= least + 64 ? all : least;
    expect(cache.windowLength).toEqual([held]);
    expect(heldIn(cache)).toEqual({
      whole: tokensFrom(0, all),
      window: tokensFrom(all - held, held),
    });
    cache.clear();
    append(cache, tokensFrom(7, 3));
    expect(heldIn(cache)).toEqual({ whole: [7, 8, 9], window: [7, 8, 9] });
  });

  test('give back as many tokens as may be guessed, and no more than that', () => {
    const cache = new KeyValueCache(sliding, 1);
    append(cache, tokensFrom(0, 300));
    const back = 300 - takenBackTokens;
    cache.truncate([back]);
    expect(heldIn(cache).window).toEqual(tokensFrom(back - window + 1, window - 1));
    append(cache, [1]);
    expect(heldIn(cache).window).toEqual([...tokensFrom(back - window + 1, window - 1), 1]);
    expect(() => cache.truncate([back - 1])).toThrow(/is dropped/);
  });
});

test('what is cut off is forgotten, and what comes instead takes its place', () => {
  const cache = new KeyValueCache(shapes, 2);
  cache.append(outputsFor([tokensFrom(0, 6), tokensFrom(2, 4)]), [6, 4], nothing);
  cache.append(
    outputsFor([
      [6, 7, 8],
      [6, 7, 8],
    ]),
    [3, 3],
    nothing,
  );
  cache.truncate([7, 5]);
  cache.append(outputsFor([[20], [20]]), [1, 1], nothing);
  for (const [name, tokens] of Object.entries(tokensIn(cache)))
    expect(tokens).toEqual(segmentOf(name) === 0 ? [...tokensFrom(0, 7), 20] : [2, 3, 4, 5, 6, 20]);
});
