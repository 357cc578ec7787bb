/**
 * What is drawn with a draft is what is drawn without one, seed by seed, and so it is drawn from the same distribution:
 * the one that seeds are drawn from decides alone, with a draft or without.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answer, justWords } from '#verify/answers.testing.ts';
import { NodeBench } from '#verify/node-bench.testing.ts';
import {
  openSmallDecoder,
  smallDecoders,
  smallModels,
  writeSmallDecoder,
} from '#verify/small-decoder.testing.ts';
import { decodePlainly } from './decode-plainly.ts';
import { draftAndVerify } from './draft-and-verify.ts';
import { draftModel } from './drafters.ts';
import type { LanguageModel } from './language-model.ts';

const architecture = smallDecoders['llama, grouped queries'];
const seeds = Array.from({ length: 100 }, (_, seed) => seed);
const most = 8;

let bench: NodeBench;
let model: LanguageModel;
/** The first layer of the same weights alone: right now and then. */
let shallow: LanguageModel;
/** Other weights: hardly ever right. */
let stranger: LanguageModel;
/** What the model writes alone, by seed. */
const alone: (readonly number[])[] = [];

beforeAll(async () => {
  bench = await NodeBench.open();
  const folder = await writeSmallDecoder(bench, architecture);
  const other = await writeSmallDecoder(bench, architecture, 8);
  const open = async (layerCount: number, from: string): Promise<LanguageModel> =>
    (await openSmallDecoder(bench, smallModels({ ...architecture, layerCount }, from))).model;
  model = await open(architecture.layerCount, folder);
  shallow = await open(1, folder);
  stranger = await open(architecture.layerCount, other);
  for (const seed of seeds) {
    const { ids } = await answer(model, justWords, decodePlainly, {
      most,
      choosing: 'sample',
      seed,
    });
    alone.push(ids);
  }
});
afterAll(() => bench.close());

test('hardly two seeds draw the same answer', () => {
  expect(new Set(alone.map((ids) => ids.join())).size).toBeGreaterThan(95);
});

test.for([
  ['of a single guess', 'shallow', 1],
  ['of four guesses', 'shallow', 4],
  ['that is a stranger', 'stranger', 3],
] as const)('a draft %s changes none of 100 drawn answers', async ([, who, draftLength]) => {
  const draft = { shallow, stranger }[who];
  const decode = draftAndVerify(draftModel(draft, { reads: 'words' }), draftLength);
  const facts = { proposed: 0, accepted: 0 };
  for (const seed of seeds) {
    const drafted = await answer(model, justWords, decode, { most, choosing: 'sample', seed });
    expect([seed, drafted.ids]).toEqual([seed, alone[seed]]);
    facts.proposed += drafted.draft?.proposed ?? 0;
    facts.accepted += drafted.draft?.accepted ?? 0;
  }
  // Some guesses are kept, and some are not.
  expect(facts.accepted).toBeGreaterThan(0);
  expect(facts.accepted).toBeLessThan(facts.proposed);
});
