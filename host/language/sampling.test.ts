/** The next token is the best one, or drawn by probability; exactly as if the vocabulary were sorted. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Sampling } from '#engine/node/host-step.ts';
import { seededRandom } from '#engine/seeded-random.ts';
import { normalNumbers } from '#nodes/normal-numbers.testing.ts';
import { someSampling } from '#verify/answers.testing.ts';
import { noContext } from './adjusted-logits.ts';
import { nextToken, TokenChoice } from './sampling.ts';

const sampling = (values: Partial<Sampling>): Sampling => ({
  ...someSampling,
  temperature: 1,
  topK: 0,
  topP: 1,
  ...values,
});

test('greedy takes the first of the largest', () => {
  const greedy = sampling({ strategy: 'greedy' });
  const none = () => NaN;
  expect(nextToken(Float32Array.of(1, 3, -2, 3, 3), greedy, none)).toBe(1);
  expect(nextToken(Float32Array.of(-Infinity, -5, -Infinity), greedy, none)).toBe(1);
  expect(nextToken(Float32Array.of(0), greedy, none)).toBe(0);
});

/** Sorts, cuts behind k tokens, behind p of what is left, before those below min-p, and walks to the place drawn. */
function drawSlowly(logits: Float32Array, values: Sampling, place: number) {
  const { kept, nucleus, reached } = keptSlowly(logits, values);
  let walked = 0;
  const index = nucleus.findIndex((weight) => (walked += weight) > place * reached);
  return kept[index < 0 ? nucleus.length - 1 : index];
}

function keptSlowly(logits: Float32Array, { temperature, topK, topP, minP }: Sampling) {
  const order = Array.from(logits.keys()).toSorted((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0));
  const kept = topK > 0 ? order.slice(0, topK) : order;
  const most = logits[kept[0] ?? 0] ?? NaN;
  const weights = kept.map((id) => Math.exp(((logits[id] ?? NaN) - most) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const nucleus: number[] = [];
  let reached = 0;
  for (const weight of weights) {
    if (nucleus.length > 0 && (reached >= topP * total || weight < minP)) break;
    nucleus.push(weight);
    reached += weight;
  }
  return { kept, nucleus, reached };
}

describe('sampled', () => {
  test('draws what sorting the vocabulary would draw', () => {
    const anyLogits = fc.oneof(
      fc
        .record({
          count: fc.integer({ min: 1, max: 3000 }),
          seed: fc.nat(),
          size: fc.integer({ min: -3, max: 3 }),
        })
        .map(({ count, seed, size }) => normalNumbers(count, seed, 4 ** size)),
      // Equal ones, and some that are never drawn.
      fc
        .array(fc.constantFrom(-Infinity, -1e30, -400, -2, 0, 0.5, 3), {
          minLength: 1,
          maxLength: 200,
        })
        .filter((logits) => logits.some((logit) => logit > -1000))
        .map((logits) => Float32Array.from(logits)),
    );
    const anySampling = fc.record({
      temperature: fc.constantFrom(0.01, 0.5, 0.7, 1, 10),
      topK: fc.constantFrom(0, 1, 2, 50, 4000),
      topP: fc.constantFrom(0.01, 0.3, 0.9, 0.999, 1),
      minP: fc.constantFrom(0, 1e-30, 0.02, 0.3, 1),
    });
    const place = fc.double({ min: 0.001, max: 0.999, noNaN: true });
    fc.assert(
      fc.property(anyLogits, anySampling, place, (logits, values, at) => {
        const drawn = nextToken(logits, sampling(values), () => at);
        expect(drawn).toBe(drawSlowly(logits, sampling(values), at));
      }),
      { numRuns: 600 },
    );
  });

  test('gives each token its share over many draws', () => {
    const logits = Float32Array.of(1, 2, 0, 2, -1, -30);
    const draws = 5000;
    const shares = (values: Partial<Sampling>) => {
      const random = seededRandom(5);
      const counts = Array.from(logits, () => 0);
      for (let draw = 0; draw < draws; draw++) {
        const id = nextToken(logits, sampling(values), random);
        counts[id] = (counts[id] ?? 0) + 1;
      }
      return counts.map((count) => count / draws);
    };
    const normalised = (weights: readonly number[]) => {
      const sum = weights.reduce((total, weight) => total + weight, 0);
      return weights.map((weight) => weight / sum);
    };
    const powers = (temperature: number, ids: readonly number[]) =>
      normalised(
        Array.from(logits, (logit, id) => (ids.includes(id) ? Math.exp(logit / temperature) : 0)),
      );
    const cases: [Partial<Sampling>, readonly number[]][] = [
      [{}, powers(1, [0, 1, 2, 3, 4, 5])],
      [{ temperature: 0.5 }, powers(0.5, [0, 1, 2, 3, 4, 5])],
      [{ temperature: 3 }, powers(3, [0, 1, 2, 3, 4, 5])],
      [{ topK: 3 }, powers(1, [0, 1, 3])],
      // Two equal tokens hold 0.39 each: 0.5 takes both, 0.3 only the first.
      [{ topP: 0.5 }, powers(1, [1, 3])],
      [{ topP: 0.3 }, powers(1, [1])],
      [{ topK: 1 }, powers(1, [1])],
      // Of three tokens the two best hold 0.84.
      [{ topK: 3, topP: 0.8 }, powers(1, [1, 3])],
    ];
    for (const [values, expected] of cases) {
      for (const [id, share] of shares(values).entries()) {
        const expectedShare = expected[id] ?? NaN;
        // Four deviations of a count of that many draws.
        const spread = 4 * Math.sqrt((expectedShare * (1 - expectedShare)) / draws);
        expect(Math.abs(share - expectedShare)).toBeLessThanOrEqual(spread + 1e-9);
      }
    }
  });

  test('draws each token as often as its probability says, over seeds, places and answers', () => {
    const logits = normalNumbers(40, 3, 2);
    const values = sampling({ temperature: 1.3, topK: 25, topP: 0.97, minP: 0.02 });
    const { kept, nucleus, reached } = keptSlowly(logits, values);
    const expected = new Map(nucleus.map((weight, at) => [kept[at] as number, weight / reached]));
    expect(expected.size).toBeGreaterThan(5);
    expect(expected.size).toBeLessThan(25);
    const draws = 4000;
    const bySeed = (draw: number) => new TokenChoice({ ...values, seed: draw }).choose(logits);
    const ofAnswer = (draw: number) =>
      new TokenChoice({ ...values, seed: 11 }, noContext, draw % 64).foresee(
        logits,
        Array.from({ length: Math.floor(draw / 64) }, () => 0),
      );
    for (const drawn of [bySeed, ofAnswer]) {
      const counts = new Map<number, number>();
      for (let draw = 0; draw < draws; draw++) {
        const id = drawn(draw);
        counts.set(id, (counts.get(id) ?? 0) + 1);
      }
      expect([...counts.keys()].filter((id) => !expected.has(id))).toEqual([]);
      let chiSquare = 0;
      for (const [id, share] of expected)
        chiSquare += ((counts.get(id) ?? 0) - share * draws) ** 2 / (share * draws);
      // One in a thousand fair draws is beyond 3.1 deviations (Wilson and Hilferty); these are the same at every run.
      const freedom = expected.size - 1;
      const spread = 2 / (9 * freedom);
      expect(chiSquare).toBeLessThan(freedom * (1 - spread + 3.1 * Math.sqrt(spread)) ** 3);
    }
  });

  test('draws the first of several answers as if it were alone, and others apart', () => {
    const answer = (index: number, seed = 5) => {
      const choice = new TokenChoice(sampling({ seed, temperature: 2 }), noContext, index);
      return Array.from({ length: 20 }, (_, step) => {
        const id = choice.choose(normalNumbers(500, step));
        choice.write(id);
        return id;
      });
    };
    expect(answer(0)).toEqual(answer(0));
    const alone = new TokenChoice(sampling({ seed: 5, temperature: 2 })).choose(
      normalNumbers(500, 0),
    );
    expect(answer(0)[0]).toBe(alone);
    const several = [answer(0), answer(1), answer(2), answer(0, 6), answer(1, 6)];
    expect(new Set(several.map((ids) => ids.join())).size).toBe(5);
  });

  test('draws the same answer from the same seed', () => {
    const answer = (seed: number) => {
      const random = seededRandom(seed);
      const steps = Array.from({ length: 30 }, (_, step) => step);
      return steps.map((step) =>
        nextToken(normalNumbers(500, step), sampling({ temperature: 2 }), random),
      );
    };
    expect(answer(3)).toEqual(answer(3));
    expect(answer(3)).not.toEqual(answer(4));
  });

  test('does not wait for all logits to be sorted', () => {
    const logits = normalNumbers(20_000, 1, 3);
    const random = seededRandom(1);
    let reads = 0;
    const counted = new Proxy(logits, {
      get(target, name) {
        reads++;
        return Reflect.get(target, name) as unknown;
      },
    });
    Uint32Array.from(logits.keys()).sort((a, b) => (counted[b] ?? 0) - (counted[a] ?? 0));
    const sorting = reads;
    for (const values of [{}, { topP: 0.9 }, { topK: 50 }, { topK: 50, topP: 0.9 }]) {
      reads = 0;
      nextToken(counted, sampling(values), random);
      expect(reads).toBeLessThan(sorting / 2);
    }
  });
});
