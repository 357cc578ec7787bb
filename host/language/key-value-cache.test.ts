/** The cache holds what was put into it, however often it has to make room. */
import { expect, test } from 'vitest';
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

/** The tokens that each tensor holds, read back from their numbers. */
function tokensIn(cache: KeyValueCache) {
  const found = names.map((name) => {
    const { data, dims } = cache.feeds()[`past.${name}`] as Tensor;
    const [, heads = 0, capacity = 0, size = 0] = dims;
    const length = cache.length[segmentOf(name)] as number;
    const tokens = Array.from({ length }, (_, place) => {
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
    return [name, tokens] as const;
  });
  return Object.fromEntries(found);
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
