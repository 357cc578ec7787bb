/** What a recurrent layer remembers cannot be cut: a model that guessed wrong goes back and reads again. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { MambaArchitecture } from '#nodes/language/mamba-architecture.ts';
import { mambaGraphs } from '#nodes/language/mamba-graph.ts';
import { mambaKeyLayouts } from '#nodes/language/mamba-names.ts';
import { answer, justWords } from '#verify/answers.testing.ts';
import { NodeBench } from '#verify/node-bench.testing.ts';
import {
  openSmallDecoder,
  smallDecoders,
  smallModels,
  writeSmallDecoder,
} from '#verify/small-decoder.testing.ts';
import { writeKnownWeights } from '../weights/known-weights.testing.ts';
import { decodePlainly } from './decode-plainly.ts';
import { draftAndVerify } from './draft-and-verify.ts';
import { draftModel } from './drafters.ts';
import type { LanguageModel } from './language-model.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const small: MambaArchitecture = {
  vocabularySize: 97,
  hiddenSize: 32,
  layerCount: 2,
  innerSize: 64,
  stateSize: 6,
  kernelSize: 4,
  stepRank: 3,
  projectionBias: false,
  convolutionBias: true,
  norm: 'rms',
  normEpsilon: 1e-5,
  tiedEmbeddings: false,
};

async function openMamba(seed: number): Promise<LanguageModel> {
  const folder = await bench.newFolder();
  const source = { kind: 'checkpoint', folder } as const;
  const layouts = mambaKeyLayouts(small.tiedEmbeddings);
  const graphs = mambaGraphs(small, (emit) => {
    const g = new GraphBuilder();
    g.weightsFrom({ origin: { node: 'mamba', source, layouts }, blocks: null }, () => emit(g));
    return g.finish();
  });
  await writeKnownWeights(folder, [graphs.embed, graphs.decoder.model], seed);
  return (await openSmallDecoder(bench, graphs)).model;
}

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
