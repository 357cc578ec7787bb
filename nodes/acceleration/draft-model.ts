/** Speculative decoding: a small language model guesses ahead, the large one looks at all guesses at once. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { decoderFromConfig } from '../language/decoder-config.ts';
import { decoderGraphs } from '../language/decoder-graph.ts';
import {
  architectureProblem,
  decoderArchitecture,
  decoderMigrations,
  decoderModelParams,
  decoderSummary,
} from '../language/decoder-model.ts';
import { decoderKeyLayouts } from '../language/decoder-names.ts';
import { draftLengthParam } from './draft-length.ts';

const title = 'Draft model';

export const draftModel = defineNode({
  type: 'acceleration/draft-model',
  version: 2,
  migrations: decoderMigrations,
  family: 'acceleration',
  title,
  about:
    'Decode is bound by how fast the weights can be read, and reading them once serves several tokens as well as one. A ' +
    'small language model with the same tokenizer guesses a few tokens ahead; the language model looks at all of them in ' +
    'one step and keeps those that it would have written itself. The answer stays its own, up to the rounding of sums; ' +
    'how much time is saved hangs on how many guesses are kept. A draft that reads the words only needs no picture.',
  references: [
    {
      title: 'Fast Inference from Transformers via Speculative Decoding',
      url: 'https://arxiv.org/abs/2211.17192',
    },
    {
      title: 'On Speculative Decoding for Multimodal Large Language Models',
      url: 'https://arxiv.org/abs/2404.08856',
    },
  ],
  params: {
    draftLength: draftLengthParam,
    reads: {
      kind: 'choice',
      label: 'Reads',
      help: 'What of the prompt the draft model is given.',
      default: 'words',
      options: [
        {
          value: 'words',
          label: 'Words',
          about: 'The visual tokens are left out.',
        },
        {
          value: 'words-and-picture',
          label: 'Words and picture',
          about: 'The visual tokens too; the hidden size has to be that of the language model.',
        },
      ],
    },
    ...decoderModelParams,
    ...weightParams,
  },
  inputs: {},
  outputs: { part: { kind: 'acceleration', title: 'Acceleration part' } },
  fromConfig: decoderFromConfig,
  keyLayouts: (params) => decoderKeyLayouts(decoderArchitecture(params)),
  infer({ params }) {
    const architecture = decoderArchitecture(params);
    const problem = architectureProblem(architecture);
    if (problem) return fail(problem);
    const { vocabularySize, hiddenSize } = architecture;
    const acts = { at: 'draft', reads: params.reads, vocabularySize, hiddenSize } as const;
    return ok({ outputs: { part: { kind: 'acceleration', acts } } });
  },
  layers: (params) => decoderArchitecture(params).layerCount,
  summary: (params) => `${params.draftLength} ahead · ${decoderSummary(params)}`,
  body: {
    kind: 'part',
    part: ({ params, newGraph }) => ({
      kind: 'draft',
      title,
      graphs: decoderGraphs(
        decoderArchitecture(params),
        { feedForwards: [], boundaries: [] },
        newGraph,
      ),
      precision: params.precision,
      weights: params.weights.kind,
      text: params.weights,
      draftLength: params.draftLength,
      reads: params.reads,
    }),
  },
});
