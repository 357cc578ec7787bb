/** A decoder-only language model that reads visual tokens and a prompt, and writes an answer. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { partsOfKind } from '#engine/node/part.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { answerParams, answering } from './answer-params.ts';
import {
  architectureParams,
  publishedDecoderOptions,
  publishedDecoders,
  rotaryShape,
  type DecoderArchitecture,
} from './decoder-architecture.ts';
import { decoderFromConfig } from './decoder-config.ts';
import { decoderGraphs } from './decoder-graph.ts';
import { decoderKeyLayouts } from './decoder-names.ts';
import { checkDecoderParts } from './decoder-parts.ts';
import { languageInputs, languageOutputs, visualProblem } from './language-ports.ts';

const params = {
  model: {
    kind: 'choice',
    label: 'Model',
    help: 'A published language model, or a custom architecture.',
    default: 'tinyllama-1.1b',
    options: [...publishedDecoderOptions, { value: 'custom', label: 'Custom' } as const],
  },
  ...architectureParams,
  ...answerParams,
  ...weightParams,
} as const;

type DecoderParams = ParamValues<typeof params>;

function architectureOf(values: DecoderParams): DecoderArchitecture {
  return values.model === 'custom' ? values : publishedDecoders[values.model];
}

export const decoder = defineNode({
  type: 'language/decoder',
  version: 1,
  family: 'language',
  title: 'Language model',
  about:
    'A decoder-only transformer reads the projected visual tokens and the prompt at once (prefill), keeps their keys and ' +
    'values in a cache, and then writes the answer token by token (decode). Prefill grows with the number of visual ' +
    'tokens; decode is bound by how fast the weights can be read.',
  references: [
    {
      title: 'Efficient Multimodal Large Language Models: A Survey',
      url: 'https://arxiv.org/abs/2405.10739',
    },
  ],
  params,
  inputs: {
    ...languageInputs,
    feedForward: {
      kind: 'feed-forward',
      title: 'Feed-forward parts',
      several: true,
      optional: true,
    },
    acceleration: {
      kind: 'acceleration',
      title: 'Acceleration parts',
      several: true,
      optional: true,
    },
  },
  outputs: languageOutputs,
  fromConfig: decoderFromConfig,
  keyLayouts: () => decoderKeyLayouts,
  demand: ({ params: values }) => ({ visual: { channels: architectureOf(values).hiddenSize } }),
  infer({ params: values, inputs }) {
    const architecture = architectureOf(values);
    const { headCount, keyValueHeadCount, hiddenSize } = architecture;
    if (headCount % keyValueHeadCount !== 0) {
      const message = `${headCount} heads do not divide into ${keyValueHeadCount} groups; choose key/value heads that divide the heads.`;
      return fail(error('arrangement-unsupported', message, { param: 'keyValueHeadCount' }));
    }
    if (rotaryShape(architecture).size < 2) {
      const message = `A rotary fraction of ${architecture.rotaryFraction} leaves nothing of a head of ${architecture.headSize} to rotate; choose a larger fraction.`;
      return fail(error('arrangement-unsupported', message, { param: 'rotaryFraction' }));
    }
    const problem = visualProblem(inputs.visual, hiddenSize);
    if (problem) return fail(problem);
    const parts = checkDecoderParts(inputs, architecture.layerCount);
    if (!parts.ok) return parts;
    return ok({ outputs: { answer: { kind: 'answer' } }, warnings: parts.value });
  },
  summary: ({ model, keyNames, layerCount, hiddenSize }) =>
    publishedDecoderOptions.find(({ value }) => value === model)?.label ??
    `custom · ${keyNames} · ${layerCount} layers × ${hiddenSize}`,
  body: {
    kind: 'host',
    step: ({ params: values, parts, newGraph }) => {
      const architecture = architectureOf(values);
      // What would act behind the last layer never does.
      const boundaries = parts
        .filter((part) => part.kind === 'token-reduction' || part.kind === 'early-exit')
        .filter(({ layer }) => layer < architecture.layerCount)
        .toSorted((a, b) => a.layer - b.layer);
      const feedForwards = partsOfKind(parts, 'feed-forward');
      const [draft] = partsOfKind(parts, 'draft');
      const [exit] = partsOfKind(boundaries, 'early-exit');
      return {
        kind: 'generate',
        graphs: decoderGraphs(architecture, { feedForwards, boundaries }, newGraph),
        boundaries,
        decoding: draft ?? exit ?? { kind: 'plain' },
        ...answering(values),
      };
    },
  },
});
