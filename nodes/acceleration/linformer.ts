/** Linformer: attention over a fixed number of mixed keys and values instead of all of them. */
import { ok } from '#engine/contract/outcome.ts';
import { layerChoiceParam } from '#engine/node/layer-choice.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { attend } from '#engine/onnx/blocks/attention.ts';
import type { QueryKeyValue } from '#engine/onnx/blocks/attention-projections.ts';
import { int, type GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { type Dim, type Value } from '#engine/onnx/value.ts';
import type { KeyLayout } from '#engine/onnx/weight.ts';

const params = {
  projected: {
    kind: 'integer',
    label: 'Mixed keys',
    help: 'How many keys and values are left to look at, each a mixture of all; the paper takes 256.',
    default: 256,
    min: 1,
    max: 16_384,
  },
  tokens: {
    kind: 'integer',
    label: 'Tokens',
    help: 'How many tokens the mixtures were trained for; fewer use the first of their rows. 0: as many as there are.',
    default: 0,
    min: 0,
    max: 65_536,
  },
  layers: layerChoiceParam('Which blocks of the encoder attend so.', 'all'),
  weights: weightParams.weights,
} as const;

type LinformerParams = ParamValues<typeof params>;

const mixtures = /^layers\.\d+\.proj_[kv]$/;

const layouts: readonly KeyLayout[] = [
  { title: 'by block', key: (name) => name, owns: (key) => mixtures.test(key) },
  {
    title: 'one block alone',
    key: (name) => name.replace(/^layers\.\d+\./, ''),
    owns: (key) => key === 'proj_k' || key === 'proj_v',
  },
];

export const linformer = defineNode({
  type: 'acceleration/linformer',
  version: 1,
  family: 'acceleration',
  title: 'Linformer',
  about:
    'In attention every token looks at every other, so twice the tokens cost four times the work. Linformer first mixes all ' +
    'keys, and all values, into a fixed number of them by a learned matrix; tokens then look at those few. The work grows ' +
    'only linearly, but the mixtures have to be trained: with random ones the tokens mean nothing.',
  references: [
    {
      title: 'Linformer: Self-Attention with Linear Complexity',
      url: 'https://arxiv.org/abs/2006.04768',
    },
  ],
  params,
  inputs: {},
  outputs: { part: { kind: 'encoder-part', title: 'Encoder part' } },
  keyLayouts: () => layouts,
  infer: ({ params: { layers, tokens } }) =>
    ok({
      outputs: {
        part: {
          kind: 'encoder-part',
          acts: {
            at: 'attention',
            layers,
            mostTokens: tokens === 0 ? null : tokens,
            scoresKeys: false,
          },
        },
      },
    }),
  summary: ({ projected, layers }) => `${projected} keys · blocks: ${layers}`,
  body: {
    kind: 'part',
    part: ({ params: values, withWeights }) => ({
      kind: 'attention',
      layers: values.layers,
      emit: (g, all, host) =>
        withWeights(g, () => attendToMixtures(g, all, `${host.name}.`, host.headCount, values)),
    }),
  },
});

/** Names: `<block>.proj_k` and `<block>.proj_v` [tokens, projected]. [B, N, H · d] each → [B, N, H · d] */
function attendToMixtures(
  g: GraphBuilder,
  { query, key, value }: QueryKeyValue<Value>,
  prefix: string,
  headCount: number,
  { projected, tokens }: LinformerParams,
): Value {
  const mix = (x: Value, name: string): Value => {
    const [batch, count, channels] = x.shape as [Dim, number, number];
    const of = g.tensor(prefix + name, [tokens === 0 ? count : tokens, projected], 'matrix');
    const mixture = g.weight({ kind: 'rows', of, start: 0, count });
    g.work(projected * count * channels, [batch]);
    return g.op(
      'FusedMatMul',
      [mixture, x],
      { type: 'float32', shape: [batch, projected, channels] },
      { domain: 'com.microsoft', attributes: { transA: int(1) } },
    );
  };
  const mixed = { query, key: mix(key, 'proj_k'), value: mix(value, 'proj_v') };
  return attend(g, mixed, { headCount });
}
