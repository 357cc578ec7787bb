/** The score of an answer is the log-softmax of all its places, and leaves the model as it was. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DecoderArchitecture } from '#nodes/language/architecture/decoder-architecture.ts';
import { NodeBench } from '#verify/node-bench.testing.ts';
import {
  openSmallDecoder,
  smallDecoders,
  smallModels,
  writeSmallDecoder,
} from '#verify/small-decoder.testing.ts';
import type { LanguageModel } from './language-model.ts';
import { scoreOf } from './score-choices.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

async function open(architecture: DecoderArchitecture): Promise<LanguageModel> {
  const folder = await writeSmallDecoder(bench, architecture);
  return (await openSmallDecoder(bench, smallModels(architecture, folder))).model;
}

const prompt = [3, 14, 15, 92, 65, 35];
const answers = [
  [8],
  [9, 79, 3],
  [9, 79, 3, 23, 84],
  // Looked at in two pieces.
  Array.from({ length: 45 }, (_, place) => (place * 7) % 90),
];

/** Logits of prompt and answer read at once, normalised place by place. */
async function scoreSlowly(model: LanguageModel, ids: readonly number[]): Promise<number> {
  model.clear();
  const logits = await model.extend([...prompt, ...ids], 'all', 0);
  const size = logits.length / (prompt.length + ids.length);
  let sum = 0;
  for (const [place, id] of ids.entries()) {
    const at = (prompt.length - 1 + place) * size;
    const row = Array.from(logits.slice(at, at + size));
    const total = row.reduce((all, logit) => all + Math.exp(logit), 0);
    sum += Math.log(Math.exp(row[id] as number) / total);
  }
  return sum;
}

test.for(['llama, grouped queries', 'phi, parallel'] as const)(
  '%s, in any order of the answers and as often as one likes',
  async (name) => {
    const architecture = smallDecoders[name];
    const model = await open(architecture);
    const expected: number[] = [];
    for (const ids of answers) expected.push(await scoreSlowly(model, ids));

    model.clear();
    const logits = await model.extend(prompt, 'last', 0);
    for (const index of [0, 1, 2, 3, 1, 0, 3]) {
      const ids = answers[index] as readonly number[];
      const score = await scoreOf(model, logits, { text: 'x', ids });
      expect(score).toMatchObject({ text: 'x', tokens: ids.length });
      expect(score.sum).toBeCloseTo(expected[index] as number, 3);
      expect(score.mean).toBeCloseTo((expected[index] as number) / ids.length, 4);
      expect(model.state.length).toEqual([prompt.length]);
    }
  },
);
