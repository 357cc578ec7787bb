/** A decoder-only language model that reads visual tokens and a prompt, and writes an answer. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { partsOfKind } from '#engine/node/part.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { answerParams, answering } from './answer-params.ts';
import { cacheParams, cacheProblem } from './cache-params.ts';
import { decoderFromConfig } from './decoder-config.ts';
import { decoderGraphs } from './decoder-graph.ts';
import {
  architectureProblem,
  decoderArchitecture,
  decoderMigrations,
  decoderModelParams,
  decoderSummary,
} from './decoder-model.ts';
import { decoderKeyLayouts } from './decoder-names.ts';
import { checkDecoderParts, droppingProblem } from './decoder-parts.ts';
import { draftProblem, idleDrafts } from './draft-problem.ts';
import { languageInputs, languageOutputs, languageProblem } from './language-ports.ts';
import { withPictureLayout } from './picture-layouts.ts';
import { prefillParams } from './prefill-params.ts';

const params = {
  ...decoderModelParams,
  ...answerParams,
  ...cacheParams,
  ...weightParams,
  ...prefillParams,
} as const;

export const decoder = defineNode({
  type: 'language/decoder',
  version: 2,
  migrations: decoderMigrations,
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
    { title: 'DeepSeek-V2', url: 'https://arxiv.org/abs/2405.04434' },
    { title: 'Qwen2-VL', url: 'https://arxiv.org/abs/2409.12191' },
    { title: 'FlexGen', url: 'https://arxiv.org/abs/2303.06865' },
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
  fromConfig: withPictureLayout(decoderFromConfig),
  keyLayouts: (values) => decoderKeyLayouts(decoderArchitecture(values)),
  demand: ({ params: values }) => ({
    visual: { channels: decoderArchitecture(values).hiddenSize },
  }),
  infer({ id, params: values, inputs }) {
    const architecture = decoderArchitecture(values);
    const problem =
      architectureProblem(architecture) ??
      cacheProblem(values.cacheFormat, architecture) ??
      languageProblem(id, values, inputs.visual, architecture) ??
      draftProblem(inputs.acceleration, architecture, 'acceleration') ??
      droppingProblem(inputs.acceleration, architecture);
    if (problem) return fail(problem);
    const parts = checkDecoderParts(inputs, architecture.layerCount);
    if (!parts.ok) return parts;
    const idle = idleDrafts(values.strategy, inputs.acceleration, 'acceleration');
    return ok({ outputs: { answer: { kind: 'answer' } }, warnings: [...parts.value, ...idle] });
  },
  layers: (values) => decoderArchitecture(values).layerCount,
  summary: (values) => decoderSummary(values),
  body: {
    kind: 'host',
    step: ({ params: values, parts, newGraph }) => {
      const architecture = decoderArchitecture(values);
      // What would act behind the last layer never does.
      const boundaries = parts
        .filter((part) => part.kind === 'token-reduction' || part.kind === 'early-exit')
        .filter(({ layer }) => layer < architecture.layerCount)
        .toSorted((a, b) => a.layer - b.layer);
      const feedForwards = partsOfKind(parts, 'feed-forward');
      const [draft] = partsOfKind(parts, 'draft');
      const [exit] = partsOfKind(boundaries, 'early-exit');
      const answered = answering(values);
      const { cacheFormat } = values;
      return {
        kind: 'generate',
        graphs: decoderGraphs(
          architecture,
          { feedForwards, boundaries, cacheFormat },
          newGraph,
          // In its own precision a second copy would be the first.
          values.precision === 'w8a8' ? 'same' : values.prefillPrecision,
        ),
        boundaries,
        // Where nothing is written there is nothing to guess.
        decoding: (answered.choices ? null : (draft ?? exit)) ?? { kind: 'plain' },
        ...answered,
      };
    },
  },
});
