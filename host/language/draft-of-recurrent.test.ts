/** What a recurrent layer remembers cannot be cut: a model that guessed wrong goes back and reads again. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answer, justWords } from '#verify/answers.testing.ts';
import { NodeBench } from '#verify/node-bench.testing.ts';
import {
  openSmallDecoder,
  smallDecoders,
  smallModels,
  writeSmallDecoder,
} from '#verify/small-decoder.testing.ts';
import { openStateSpaceModel, smallMamba } from '#verify/small-state-space.testing.ts';
import { decodePlainly } from './decode-plainly.ts';
import { draftAndVerify } from './draft-and-verify.ts';
import { draftModel } from './drafters.ts';
import type { LanguageModel } from './language-model.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

/** With a head of its own, so that what it answers is not one word again and again. */
const untiedMamba = smallMamba({ tiedEmbeddings: false });
const openMamba = (seed: number): Promise<LanguageModel> =>
  openStateSpaceModel(bench, untiedMamba, seed);

async function openLlama(): Promise<LanguageModel> {
  const architecture = smallDecoders['llama, grouped queries'];
  const folder = await writeSmallDecoder(bench, architecture, 4);
  return (await openSmallDecoder(bench, smallModels(architecture, folder))).model;
}

test.for(['greedy', 'sample'] as const)(
  'a Mamba guesses for itself, for a LLaMA, and is guessed for: the answer stays (%s)',
  async (choosing) => {
    const mamba = await openMamba(1);
    const [same, other, llama] = [await openMamba(1), await openMamba(5), await openLlama()];
    const expected = await answer(mamba, justWords, decodePlainly, { choosing });
    const ofLlama = await answer(llama, justWords, decodePlainly, { choosing });
    expect(new Set(expected.ids).size).toBeGreaterThan(4);
    for (const draftLength of [1, 2, 4, 6]) {
      const by = (draft: LanguageModel) =>
        draftAndVerify(draftModel(draft, { reads: 'words' }), draftLength);
      const sure = await answer(mamba, justWords, by(same), { choosing });
      expect(sure.ids).toEqual(expected.ids);
      expect(sure.draft?.accepted).toBe(sure.draft?.proposed);
      for (const draft of [other, llama]) {
        const unsure = await answer(mamba, justWords, by(draft), { choosing });
        expect(unsure.ids).toEqual(expected.ids);
        expect(unsure.draft?.accepted).toBeLessThan(unsure.draft?.proposed as number);
      }
      const attending = await answer(llama, justWords, by(mamba), { choosing });
      expect(attending.ids).toEqual(ofLlama.ids);
    }
  },
);
