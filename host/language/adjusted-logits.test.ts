/** Bias and penalties are what their formulas say, wherever a token comes from. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { normalNumbers } from '#nodes/normal-numbers.testing.ts';
import { AdjustedLogits, noContext } from './adjusted-logits.ts';

const vocabulary = 12;
const anyIds = fc.array(fc.integer({ min: 0, max: vocabulary - 1 }), { maxLength: 20 });
const anyCase = fc.record({
  logits: fc.integer({ min: 1, max: 500 }).map((seed) => normalNumbers(vocabulary, seed, 4)),
  promptIds: anyIds,
  answer: anyIds,
  guesses: anyIds,
  repetitionPenalty: fc.constantFrom(0.5, 1, 1.2, 3),
  presencePenalty: fc.constantFrom(-1, 0, 0.75),
  frequencyPenalty: fc.constantFrom(-0.5, 0, 0.25),
  bias: fc.array(
    fc.tuple(fc.integer({ min: 0, max: vocabulary + 2 }), fc.constantFrom(-Infinity, -3, 2.5)),
    { maxLength: 4 },
  ),
});

test('each logit by itself, from the whole sequence before it', () => {
  fc.assert(
    fc.property(anyCase, ({ logits, promptIds, answer, guesses, bias, ...penalties }) => {
      const adjusted = new AdjustedLogits(penalties, { bias: new Map(bias), promptIds });
      for (const id of answer) adjusted.write(id);
      const before = logits.slice();
      const given = adjusted.adjust(logits, guesses);
      // The prompt's logits are those of all its answers.
      expect(logits).toEqual(before);

      const written = [...answer, ...guesses];
      const expected = Float32Array.from(logits, (logit, id) => {
        const biased = logit + (new Map(bias).get(id) ?? 0);
        const isRepeated = promptIds.includes(id) || written.includes(id);
        const factor = biased < 0 ? penalties.repetitionPenalty : 1 / penalties.repetitionPenalty;
        const count = written.filter((each) => each === id).length;
        return (
          (isRepeated ? biased * factor : biased) -
          penalties.frequencyPenalty * count -
          (count > 0 ? penalties.presencePenalty : 0)
        );
      });
      for (const [id, logit] of expected.entries()) {
        if (Number.isFinite(logit)) expect(given[id]).toBeCloseTo(logit, 4);
        else expect(given[id]).toBe(logit);
      }
    }),
    { numRuns: 500 },
  );
});

test('where nothing is changed, logits are handed on', () => {
  const none = { repetitionPenalty: 1, presencePenalty: 0, frequencyPenalty: 0 };
  const adjusted = new AdjustedLogits(none, { ...noContext, promptIds: [1, 2] });
  adjusted.write(3);
  const logits = Float32Array.of(1, 2, 3, 4);
  expect(adjusted.adjust(logits, [0])).toBe(logits);
});

test('a token of the prompt is repeated, and not present in the answer', () => {
  const penalties = { repetitionPenalty: 2, presencePenalty: 1, frequencyPenalty: 0.5 };
  const adjusted = new AdjustedLogits(penalties, { ...noContext, promptIds: [0, 1] });
  adjusted.write(1);
  adjusted.write(1);
  adjusted.write(2);
  const given = adjusted.adjust(Float32Array.of(4, 4, -4, 4), [3]);
  expect(Array.from(given)).toEqual([2, 2 - 1 - 1, -8 - 1 - 0.5, 2 - 1 - 0.5]);
});
