/** A language model that remembers by a state of one size instead of keys and values. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { answerParams, answering } from './answer-params.ts';
import { languageInputs, languageOutputs, languageProblem } from './language-ports.ts';
import { mambaArchitecture, mambaParams, publishedMambas } from './mamba-architecture.ts';
import { mambaFromConfig } from './mamba-config.ts';
import { mambaMixer } from './mamba-mixer.ts';
import { stateSpaceGraphs } from './state-space-graph.ts';
import { stateSpaceKeyLayouts } from './state-space-names.ts';

const params = { ...mambaParams, ...answerParams, ...weightParams } as const;

export const mamba = defineNode({
  type: 'language/mamba',
  version: 1,
  family: 'language',
  title: 'Mamba',
  about:
    'A selective state-space model: every channel keeps a few numbers, and each token decides what is added to them, how ' +
    'fast they fade and what is read. There is no attention and no cache: what is carried from token to token has the ' +
    'same size after ten tokens and after ten thousand, and so has the work of writing one more.',
  references: [
    {
      title: 'Mamba: Linear-Time Sequence Modeling with Selective State Spaces',
      url: 'https://arxiv.org/abs/2312.00752',
    },
    {
      title: 'Falcon Mamba: The First Competitive Attention-free 7B Language Model',
      url: 'https://arxiv.org/abs/2410.05355',
    },
  ],
  params,
  inputs: languageInputs,
  outputs: languageOutputs,
  fromConfig: mambaFromConfig,
  keyLayouts: (values) => stateSpaceKeyLayouts('Mamba', mambaArchitecture(values).tiedEmbeddings),
  demand: ({ params: values }) => ({ visual: { channels: mambaArchitecture(values).hiddenSize } }),
  infer({ id, params: values, inputs }) {
    const problem = languageProblem(id, values, inputs.visual, mambaArchitecture(values));
    return problem ? fail(problem) : ok({ outputs: { answer: { kind: 'answer' } } });
  },
  layers: (values) => mambaArchitecture(values).layerCount,
  summary: ({ model, layerCount, hiddenSize }) =>
    model === 'custom'
      ? `custom · ${layerCount} layers × ${hiddenSize}`
      : publishedMambas[model].label,
  body: {
    kind: 'host',
    step({ params: values, newGraph }) {
      const architecture = mambaArchitecture(values);
      return {
        kind: 'generate',
        graphs: stateSpaceGraphs(architecture, mambaMixer(architecture), newGraph),
        boundaries: [],
        decoding: { kind: 'plain' },
        ...answering(values),
      };
    },
  },
});
