/** Set attention: tokens look at one another in any order, all at all or by way of a few learned points. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { learnedRows, setAttention } from '#engine/onnx/blocks/set-attention.ts';
import { headProblem, projectorWidths, widthParams } from '../tokens/widths.ts';
import { prefixedLayout } from './names/prefixed-layout.ts';
import { setAttentionParams } from './params/set-attention-params.ts';

const keyLayouts = [
  prefixedLayout('block alone', ''),
  prefixedLayout('induced block as named in the paper', 'isab.'),
  prefixedLayout('set attention block as named in the paper', 'sab.'),
  prefixedLayout('Set Transformer, first block of the encoder', 'enc.0.'),
];

export const setAttentionBlock = defineNode({
  type: 'projector/set-attention',
  version: 1,
  family: 'projector',
  title: 'Set attention',
  about:
    'A block of the Set Transformer, which treats tokens as a set: it knows of no order, so it can be placed behind anything ' +
    'that picks or merges tokens. In a plain block (SAB) each token looks at all others. In an induced one (ISAB) a few ' +
    'learned points look at all tokens first, then the tokens look at what the points have seen: the work grows only ' +
    'linearly with the tokens. As many tokens leave as come.',
  references: [{ title: 'Set Transformer', url: 'https://arxiv.org/abs/1810.00825' }],
  params: {
    block: {
      kind: 'choice',
      label: 'Block',
      help: 'What each token looks at.',
      default: 'induced',
      options: [
        { value: 'induced', label: 'Induced (ISAB)', about: 'Learned points that look at all.' },
        { value: 'plain', label: 'Plain (SAB)', about: 'All tokens.' },
      ],
    },
    points: {
      kind: 'integer',
      label: 'Inducing points',
      help: 'Learned points by way of which tokens see one another; the paper takes 16 to 64.',
      default: 32,
      min: 1,
      max: 16_384,
      shownWhen: { param: 'block', is: ['induced'] },
    },
    ...setAttentionParams,
    ...widthParams,
    ...weightParams,
  },
  inputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  outputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  keyLayouts: () => keyLayouts,
  demand: ({ params: { inputWidth } }) => ({ tokens: { channels: inputWidth ?? undefined } }),
  infer({ id, params, inputs: { tokens }, demands }) {
    const widths = projectorWidths(id, params, tokens, demands.tokens);
    if (!widths.ok) return widths;
    const { output } = widths.value;
    const problem = headProblem(output, params.headCount);
    if (problem) return fail(problem);
    return ok({ outputs: { tokens: { ...tokens, channels: output } }, found: { width: output } });
  },
  summary: ({ block, points, headCount }) =>
    `${block === 'plain' ? 'SAB' : `ISAB · ${points} points`} · ${headCount} heads`,
  body: {
    kind: 'onnx',
    emit(g, { tokens }, { params: { block, points, headCount, norms }, found: { width } }) {
      const shape = { width, headCount, norms };
      if (block === 'plain') return { tokens: setAttention(g, tokens, tokens, 'mab', shape) };
      const learned = learnedRows(g, 'I', points, width, tokens); // [views, points, D]
      const seen = setAttention(g, learned, tokens, 'mab0', shape); // [views, points, D]
      return { tokens: setAttention(g, tokens, seen, 'mab1', shape) }; // [views, N, D]
    },
  },
});
