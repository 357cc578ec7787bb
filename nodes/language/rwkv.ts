/** Language models that read a sequence as a recurrent network does and are trained as a transformer is. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error, type Problem } from '#engine/contract/problem.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { answerParams, answering } from './answer-params.ts';
import { languageInputs, languageOutputs, languageProblem } from './language-ports.ts';
import {
  publishedRwkvs,
  rwkvArchitecture,
  rwkvParams,
  type RwkvArchitecture,
} from './rwkv-architecture.ts';
import { rwkvFromConfig } from './rwkv-config.ts';
import { rwkvGraphs } from './rwkv-graph.ts';
import { rwkvKeyLayouts } from './rwkv-names.ts';

const params = { ...rwkvParams, ...answerParams, ...weightParams } as const;

export const rwkv = defineNode({
  type: 'language/rwkv',
  version: 1,
  family: 'language',
  title: 'RWKV',
  about:
    'A recurrent network that is trained as fast as a transformer: each token is mixed with the one before it and writes ' +
    'to a memory of one size that fades. RWKV-4 keeps an average for each channel, RWKV-5 a matrix for each head, and in ' +
    'RWKV-6 each token decides how fast what came before is forgotten. What is carried, and the work of writing one more ' +
    'token, are the same after ten tokens and after ten thousand.',
  references: [
    {
      title: 'RWKV: Reinventing RNNs for the Transformer Era',
      url: 'https://arxiv.org/abs/2305.13048',
    },
    {
      title: 'Eagle and Finch: RWKV with Matrix-Valued States and Dynamic Recurrence',
      url: 'https://arxiv.org/abs/2404.05892',
    },
  ],
  params,
  inputs: languageInputs,
  outputs: languageOutputs,
  fromConfig: rwkvFromConfig,
  keyLayouts: (values) => rwkvKeyLayouts(rwkvArchitecture(values).tiedEmbeddings),
  demand: ({ params: values }) => ({ visual: { channels: rwkvArchitecture(values).hiddenSize } }),
  infer({ id, params: values, inputs }) {
    const architecture = rwkvArchitecture(values);
    const problem =
      headProblem(architecture) ?? languageProblem(id, values, inputs.visual, architecture);
    return problem ? fail(problem) : ok({ outputs: { answer: { kind: 'answer' } } });
  },
  layers: (values) => rwkvArchitecture(values).layerCount,
  summary: ({ model, generation, layerCount, hiddenSize }) =>
    model === 'custom'
      ? `custom RWKV-${generation} · ${layerCount} layers × ${hiddenSize}`
      : publishedRwkvs[model].label,
  body: {
    kind: 'host',
    step: ({ params: values, newGraph }) => ({
      kind: 'generate',
      graphs: rwkvGraphs(rwkvArchitecture(values), newGraph),
      boundaries: [],
      decoding: { kind: 'plain' },
      ...answering(values),
    }),
  },
});

function headProblem({ generation, attentionSize, headSize }: RwkvArchitecture): Problem | null {
  if (generation === '4' || attentionSize % headSize === 0) return null;
  const message = `${attentionSize} channels of the time mix do not divide into heads of ${headSize}; choose an attention size that is a multiple of the head size.`;
  return error('dimension-mismatch', message, { param: 'attentionSize' });
}
