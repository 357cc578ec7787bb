/** A language model of Mamba and attention in turns, with experts. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { answerParams, answering } from './answer-params.ts';
import { languageInputs, languageOutputs, languageProblem } from './language-ports.ts';
import {
  jambaArchitecture,
  jambaParams,
  jambaProblem,
  publishedJambas,
} from './jamba-architecture.ts';
import { jambaFromConfig } from './jamba-config.ts';
import { jambaGraphs } from './jamba-graph.ts';
import { jambaKeyLayouts } from './jamba-names.ts';

const params = { ...jambaParams, ...answerParams, ...weightParams } as const;

export const jamba = defineNode({
  type: 'language/jamba',
  version: 1,
  family: 'language',
  title: 'Jamba',
  about:
    'Most layers are Mamba, which carries a state of one size; one of several is attention, which looks up what was said ' +
    'word for word. The cache of keys and values is small, since few layers have one. In every second layer a router ' +
    'sends each token to a few of many feed-forwards, so that the model holds more than it computes with.',
  references: [
    {
      title: 'Jamba: A Hybrid Transformer-Mamba Language Model',
      url: 'https://arxiv.org/abs/2403.19887',
    },
  ],
  params,
  inputs: languageInputs,
  outputs: languageOutputs,
  fromConfig: jambaFromConfig,
  keyLayouts: (values) => jambaKeyLayouts(jambaArchitecture(values).tiedEmbeddings),
  demand: ({ params: values }) => ({ visual: { channels: jambaArchitecture(values).hiddenSize } }),
  infer({ id, params: values, inputs }) {
    const architecture = jambaArchitecture(values);
    const problem =
      jambaProblem(architecture) ?? languageProblem(id, values, inputs.visual, architecture);
    return problem ? fail(problem) : ok({ outputs: { answer: { kind: 'answer' } } });
  },
  layers: (values) => jambaArchitecture(values).layerCount,
  summary: ({ model, layerCount, hiddenSize }) =>
    model === 'custom'
      ? `custom · ${layerCount} layers × ${hiddenSize}`
      : publishedJambas[model].label,
  body: {
    kind: 'host',
    step: ({ params: values, newGraph }) => ({
      kind: 'generate',
      graphs: jambaGraphs(jambaArchitecture(values), newGraph),
      boundaries: [],
      decoding: { kind: 'plain' },
      ...answering(values),
    }),
  },
});
