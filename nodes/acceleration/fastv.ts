/** FastV: after a few layers, the language model prunes the visual tokens it pays least attention to. */
import { z } from 'zod';
import { ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { keptVisualTap, visualAttentionTap } from '#engine/node/shows.ts';
import { topK } from '#engine/onnx/operators.ts';
import type { Value } from '#engine/onnx/value.ts';
import { roundHalfToEven } from '#engine/round-half-to-even.ts';
import { configFile, foreign, readFigures } from '../config/published-config.ts';

const configSchema = z.object({
  use_fastv: z.boolean().optional(),
  fastv_k: z.int().optional(),
  fastv_r: z.number().optional(),
  // As the code of the paper's own evaluation has it: how many are kept of how many, dropped in place or masked.
  use_fast_v: z.boolean().optional(),
  fast_v_agg_layer: z.int().optional(),
  fast_v_attention_rank: z.int().optional(),
  fast_v_image_token_length: z.int().positive().optional(),
  fast_v_inplace: z.boolean().optional(),
});

/** What is said of it, in either spelling. */
function figuresIn(config: z.infer<typeof configSchema>) {
  const kept = config.fast_v_attention_rank;
  const all = config.fast_v_image_token_length;
  const share = kept === undefined || all === undefined ? undefined : 1 - kept / all;
  const inPlace = config.fast_v_inplace;
  return {
    isUsed: config.use_fastv ?? config.use_fast_v,
    layer: config.fastv_k ?? config.fast_v_agg_layer,
    ratio: config.fastv_r ?? share,
    ...(inPlace === undefined ? {} : { pruned: inPlace ? 'dropped' : 'masked' }),
  };
}

export const fastv = defineNode({
  type: 'acceleration/fastv',
  version: 1,
  family: 'acceleration',
  title: 'FastV',
  about:
    'Deep layers of a language model hardly look at the picture any more. FastV ranks the visual tokens by the attention ' +
    'that the last word of the prompt pays them in one early layer, and drops the lower part for all layers after it. ' +
    'Prefill gets shorter and the cache smaller; the time per new token changes little.',
  references: [
    {
      title: 'An Image is Worth 1/2 Tokens After Layer 2',
      url: 'https://arxiv.org/abs/2403.06764',
    },
  ],
  params: {
    layer: {
      kind: 'integer',
      label: 'Layer K',
      help: 'Tokens are dropped before this layer, counted from 0, by the attention of the layer before it.',
      default: 2,
      min: 1,
      max: 511,
    },
    ratio: {
      kind: 'number',
      label: 'Dropped share R',
      help: 'Part of the visual tokens that goes.',
      default: 0.5,
      min: 0,
      max: 1,
    },
    pruned: {
      kind: 'choice',
      label: 'Pruned tokens',
      help: 'What becomes of the visual tokens that go.',
      default: 'dropped',
      options: [
        {
          value: 'dropped',
          label: 'Dropped',
          about: 'They are left out of all layers behind, which get faster.',
        },
        {
          value: 'masked',
          label: 'Masked',
          about:
            'They go on, and no token looks at them: the same answers, and no time or memory saved.',
        },
      ],
    },
  },
  inputs: {},
  outputs: { part: { kind: 'acceleration', title: 'Acceleration part' } },
  fromConfig(files) {
    const file = configFile(files, 'config.json');
    if (!file.ok) return file;
    const config = readFigures(configSchema, file.value, 'config.json');
    if (!config.ok) return config;
    const { isUsed, layer, ratio, ...others } = figuresIn(config.value);
    if (isUsed === false || layer === undefined || ratio === undefined)
      return foreign('config.json does not turn FastV on; it says neither K nor R.');
    const took = ['FastV', `K ${layer}`, `R ${ratio}`];
    return ok({ params: { layer, ratio, ...others }, took, file: 'config.json' });
  },
  infer: ({ params: { layer, ratio, pruned } }) => {
    const leaves = ratio < 1 ? 'some' : 'none';
    const acts = { at: 'between-blocks', layer, leaves, pruned } as const;
    return ok({ outputs: { part: { kind: 'acceleration', acts } } });
  },
  summary: ({ layer, ratio, pruned }) =>
    `K ${layer} · ${pruned === 'dropped' ? 'drop' : 'mask'} ${Math.round(ratio * 100)}%`,
  shows: [
    { kind: 'kept-patches', tap: keptVisualTap },
    {
      kind: 'attended-patches',
      tap: visualAttentionTap,
      also: ({ layer }) => `paid by the last word of the prompt in layer ${layer - 1}`,
    },
  ],
  body: {
    kind: 'part',
    part: ({ node, params: { layer, ratio, pruned } }) => ({
      kind: 'token-reduction',
      node,
      layer,
      pruned,
      keptTokens: (count) => roundHalfToEven(count * (1 - ratio)),
      positions: 'kept',
      ranksBy: 'attention',
      select: (g, scores, { count, size }) => topK(g, scores as Value, count, size).indices,
    }),
  },
});
