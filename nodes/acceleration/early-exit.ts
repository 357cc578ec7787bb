/** Self-speculative decoding: the first layers of a language model guess, all of its layers verify. */
import { ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { draftLengthParam } from './draft-length.ts';

export const earlyExit = defineNode({
  type: 'acceleration/early-exit',
  version: 1,
  family: 'acceleration',
  title: 'Early exit',
  about:
    'Many tokens are settled long before the last layer. The first layers of the language model, with its own last norm ' +
    'and head behind them, guess a few tokens ahead; then all layers look at the guesses at once and keep those that ' +
    'they would have written. No second model has to be loaded, and the answer stays the same, up to the rounding of ' +
    'sums. Guesses are good where the model was trained to leave early, as LayerSkip trains it.',
  references: [
    {
      title: 'LayerSkip: Enabling Early Exit Inference and Self-Speculative Decoding',
      url: 'https://arxiv.org/abs/2404.16710',
    },
  ],
  params: {
    layer: {
      kind: 'integer',
      label: 'Exit layer',
      help: 'Guesses leave before this layer, counted from 0: so many layers are run for each.',
      default: 8,
      min: 1,
      max: 511,
    },
    draftLength: draftLengthParam,
  },
  inputs: {},
  outputs: { part: { kind: 'acceleration', title: 'Acceleration part' } },
  infer: ({ params: { layer } }) =>
    ok({ outputs: { part: { kind: 'acceleration', acts: { at: 'exit', layer } } } }),
  summary: ({ layer, draftLength }) =>
    `after ${layer === 1 ? '1 layer' : `${layer} layers`} · ${draftLength} ahead`,
  body: {
    kind: 'part',
    part: ({ params: { layer, draftLength } }) => ({ kind: 'early-exit', layer, draftLength }),
  },
});
