/** VTW: from one layer on, a language model goes on without any visual token. */
import { ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';

export const vtw = defineNode({
  type: 'acceleration/vtw',
  version: 1,
  family: 'acceleration',
  title: 'VTW',
  about:
    'Visual token withdrawal. In the first layers words gather what they need of the picture; in the deep ones they hardly ' +
    'look back at it. VTW takes all visual tokens out before one layer, so that every layer behind it works on words ' +
    'alone and keeps no picture in its cache. The paper finds that layer by comparing answers on a few examples.',
  references: [
    {
      title:
        'Boosting Multimodal Large Language Models with Visual Tokens Withdrawal for Rapid Inference',
      url: 'https://arxiv.org/abs/2405.05803',
    },
  ],
  params: {
    layer: {
      kind: 'integer',
      label: 'Layer K',
      help: 'Visual tokens leave before this layer, counted from 0; the paper takes 15 for LLaVA-1.5 7B.',
      default: 15,
      min: 1,
      max: 511,
    },
    positions: {
      kind: 'choice',
      label: 'Positions',
      help: 'How the words that stay are numbered from layer K on.',
      default: 'keep',
      options: [
        { value: 'keep', label: 'Keep', about: 'Each word keeps its place in the whole sequence.' },
        {
          value: 'reset',
          label: 'Reset',
          about: 'Words are counted anew, as if there had been no picture.',
        },
      ],
    },
  },
  inputs: {},
  outputs: { part: { kind: 'acceleration', title: 'Acceleration part' } },
  infer: ({ params: { layer } }) =>
    ok({
      outputs: {
        part: {
          kind: 'acceleration',
          acts: { at: 'between-blocks', layer, leaves: 'none', pruned: 'dropped' },
        },
      },
    }),
  summary: ({ layer, positions }) => (positions === 'keep' ? `K ${layer}` : `K ${layer} · reset`),
  body: {
    kind: 'part',
    part: ({ node, params: { layer, positions } }) => ({
      kind: 'token-reduction',
      node,
      layer,
      pruned: 'dropped',
      keptTokens: () => 0,
      positions: positions === 'keep' ? 'kept' : 'renumbered',
      ranksBy: 'nothing',
      select: (g) => g.list(),
    }),
  },
});
