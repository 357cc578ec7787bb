/** A language model that remembers by one matrix a head instead of keys and values. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { answerParams, answering } from './answer-params.ts';
import { languageInputs, languageOutputs, languageProblem } from './language-ports.ts';
import {
  mamba2Architecture,
  mamba2Params,
  mamba2Problem,
  publishedMamba2s,
} from './mamba2-architecture.ts';
import { mamba2FromConfig } from './mamba2-config.ts';
import { mamba2Mixer } from './mamba2-mixer.ts';
import { stateSpaceGraphs } from './state-space-graph.ts';
import { stateSpaceKeyLayouts } from './state-space-names.ts';

const params = { ...mamba2Params, ...answerParams, ...weightParams } as const;

export const mamba2 = defineNode({
  type: 'language/mamba2',
  version: 1,
  family: 'language',
  title: 'Mamba-2',
  about:
    'A state-space model whose channels fade together, a head at a time: what a head keeps is a matrix, to which each ' +
    'token adds one of rank one. That makes it linear attention that forgets: a prompt is read by one fused operator ' +
    'a block, and the state can be eight times as large as that of Mamba. It does not grow with the text.',
  references: [
    {
      title:
        'Transformers are SSMs: Generalized Models and Efficient Algorithms Through Structured State Space Duality',
      url: 'https://arxiv.org/abs/2405.21060',
    },
  ],
  params,
  inputs: languageInputs,
  outputs: languageOutputs,
  fromConfig: mamba2FromConfig,
  keyLayouts: (values) =>
    stateSpaceKeyLayouts('Mamba-2', mamba2Architecture(values).tiedEmbeddings),
  demand: ({ params: values }) => ({ visual: { channels: mamba2Architecture(values).hiddenSize } }),
  infer({ id, params: values, inputs }) {
    const architecture = mamba2Architecture(values);
    const problem =
      mamba2Problem(architecture) ?? languageProblem(id, values, inputs.visual, architecture);
    return problem ? fail(problem) : ok({ outputs: { answer: { kind: 'answer' } } });
  },
  layers: (values) => mamba2Architecture(values).layerCount,
  summary: ({ model, layerCount, hiddenSize }) =>
    model === 'custom'
      ? `custom · ${layerCount} layers × ${hiddenSize}`
      : publishedMamba2s[model].label,
  body: {
    kind: 'host',
    step({ params: values, newGraph }) {
      const architecture = mamba2Architecture(values);
      return {
        kind: 'generate',
        graphs: stateSpaceGraphs(architecture, mamba2Mixer(architecture), newGraph),
        boundaries: [],
        decoding: { kind: 'plain' },
        ...answering(values),
      };
    },
  },
});
