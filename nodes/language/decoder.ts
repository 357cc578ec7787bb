/** A decoder-only language model that reads visual tokens and a prompt, and writes an answer. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { partsOfKind } from '#engine/node/part.ts';
import { weightParams } from '#engine/node/weight-params.ts';
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

const whenSampling = { param: 'strategy', is: ['sample'] } as const;

const params = {
  model: {
    kind: 'choice',
    label: 'Model',
    help: 'A published language model, or a custom architecture.',
    default: 'tinyllama-1.1b',
    options: [...publishedDecoderOptions, { value: 'custom', label: 'Custom' } as const],
  },
  ...architectureParams,
  template: {
    kind: 'text',
    label: 'Prompt template',
    help: "<image> marks the visual tokens, {prompt} the question. Left empty, the checkpoint's own chat template is used.",
    default: 'USER: <image>\n{prompt} ASSISTANT:',
    maxCharacters: 20_000,
    lines: 3,
  },
  maxNewTokens: {
    kind: 'integer',
    label: 'New tokens',
    help: 'The answer ends after so many tokens at the latest.',
    default: 64,
    min: 1,
    max: 65_536,
    group: 'sampling',
  },
  stopAtEndOfText: {
    kind: 'flag',
    label: 'Stop at end of text',
    help: 'The answer ends where the model says so.',
    default: true,
    group: 'sampling',
  },
  strategy: {
    kind: 'choice',
    label: 'Sampling',
    help: 'How the next token is chosen.',
    default: 'greedy',
    options: [
      { value: 'greedy', label: 'Greedy', about: 'Always the most probable token.' },
      { value: 'sample', label: 'Sample', about: 'Drawn at random by probability.' },
    ],
    group: 'sampling',
  },
  temperature: {
    kind: 'number',
    label: 'Temperature',
    help: 'Below 1 sharpens the distribution, above 1 flattens it.',
    default: 0.7,
    min: 0.01,
    max: 10,
    shownWhen: whenSampling,
    group: 'sampling',
  },
  topK: {
    kind: 'integer',
    label: 'Top k',
    help: 'Only the k most probable tokens are drawn from; 0 means all.',
    default: 0,
    min: 0,
    max: 1_000_000,
    shownWhen: whenSampling,
    group: 'sampling',
  },
  topP: {
    kind: 'number',
    label: 'Top p',
    help: 'Only the most probable tokens that together reach p are drawn from.',
    default: 1,
    min: 0.01,
    max: 1,
    shownWhen: whenSampling,
    group: 'sampling',
  },
  seed: {
    kind: 'integer',
    label: 'Sampling seed',
    help: 'The same seed draws the same answer.',
    default: 0,
    min: 0,
    max: 0xffff_ffff,
    shownWhen: whenSampling,
    group: 'sampling',
  },
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
    visual: {
      kind: 'tokens',
      title: 'Visual tokens',
      role: 'visual',
      several: true,
      optional: true,
    },
    prompt: { kind: 'text', title: 'Prompt', role: 'prompt' },
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
  outputs: { answer: { kind: 'answer', title: 'Answer', role: 'answer' } },
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
    const visual = inputs.visual.find(({ channels }) => channels !== hiddenSize);
    if (visual) {
      const message = `The language model reads tokens of ${hiddenSize} channels, it is given ${visual.channels}; put a projector with output width ${hiddenSize} in between.`;
      return fail(error('dimension-mismatch', message, { port: 'visual' }));
    }
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
        template: values.template.trim() === '' ? null : values.template,
        text: values.weights,
        sampling: values,
      };
    },
  },
});
