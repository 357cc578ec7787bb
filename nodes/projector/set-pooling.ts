/** Pooling by multihead attention: a few learned seeds look at all tokens and take their place. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { knownCount } from '#engine/node/wire.ts';
import { learnedRows, setAttention } from '#engine/onnx/blocks/set-attention.ts';
import { headProblem, projectorWidths, widthParams } from '../tokens/widths.ts';
import { prefixedLayout } from './names/prefixed-layout.ts';
import { setAttentionParams } from './params/set-attention-params.ts';

const keyLayouts = [
  prefixedLayout('pooling alone', ''),
  prefixedLayout('pooling as named in the paper', 'pma.'),
  prefixedLayout('Set Transformer, first block of the decoder', 'dec.0.'),
];

export const setPooling = defineNode({
  type: 'projector/set-pooling',
  version: 1,
  family: 'projector',
  title: 'Set pooling (PMA)',
  about:
    'A few learned seeds look at all visual tokens, in any order and however many they are, and take their place: the ' +
    'language model reads k tokens. It is the plainest of the resamplers, one block of attention, and was made for sets ' +
    'before there were any for pictures.',
  references: [{ title: 'Set Transformer', url: 'https://arxiv.org/abs/1810.00825' }],
  params: {
    seeds: {
      kind: 'integer',
      label: 'Seeds k',
      help: 'Tokens that leave.',
      default: 64,
      min: 1,
      max: 16_384,
    },
    ...setAttentionParams,
    ...widthParams,
    ...weightParams,
  },
  inputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  outputs: { tokens: { kind: 'tokens', title: 'Seeds' } },
  keyLayouts: () => keyLayouts,
  demand: ({ params: { inputWidth } }) => ({ tokens: { channels: inputWidth ?? undefined } }),
  infer({ id, params, inputs: { tokens }, demands }) {
    const widths = projectorWidths(id, params, tokens, demands.tokens);
    if (!widths.ok) return widths;
    const channels = widths.value.output;
    const problem = headProblem(channels, params.headCount);
    if (problem) return fail(problem);
    const left = { count: knownCount(params.seeds), prefixTokens: 0, grid: null };
    return ok({ outputs: { tokens: { ...tokens, ...left, channels } }, found: { channels } });
  },
  summary: ({ seeds, headCount }) => `${seeds} seeds · ${headCount} heads`,
  body: {
    kind: 'onnx',
    emit(g, { tokens }, { params: { seeds, headCount, norms }, found: { channels: width } }) {
      const learned = learnedRows(g, 'S', seeds, width, tokens); // [views, k, D]
      return { tokens: setAttention(g, learned, tokens, 'mab', { width, headCount, norms }) };
    },
  },
});
