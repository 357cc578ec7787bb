/** LSH attention of the Reformer: tokens look at those that hashing finds alike. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { layerChoiceParam } from '#engine/node/layer-choice.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { lshAttention } from '#engine/onnx/blocks/lsh-attention.ts';
import { fixedDim } from '#engine/onnx/value.ts';
import { chunkSizeOf, describeHashing, hashingParams, hashingProblem } from '../tokens/hashing.ts';

export const lshAttentionPart = defineNode({
  type: 'acceleration/lsh-attention',
  version: 1,
  family: 'acceleration',
  title: 'LSH attention (Reformer)',
  about:
    'In attention most tokens matter to each other hardly at all. The Reformer lets those look at one another that are alike: ' +
    'a hash, the nearest of some random directions, puts them into buckets, they are sorted by bucket, and each looks at its ' +
    'neighbours in that order. Several hashes make it unlikely that a pair is missed. Queries are keys too, so the keys of ' +
    'the encoder are left out: a model has to be trained with it. It pays off with thousands of tokens.',
  references: [
    { title: 'Reformer: The Efficient Transformer', url: 'https://arxiv.org/abs/2001.04451' },
  ],
  params: {
    ...hashingParams,
    layers: layerChoiceParam('Which blocks of the encoder attend so.', 'all'),
  },
  inputs: {},
  outputs: { part: { kind: 'encoder-part', title: 'Encoder part' } },
  infer({ params }) {
    const problem = hashingProblem(params);
    if (problem) return fail(problem);
    const { layers } = params;
    const acts = { at: 'attention', layers, mostTokens: null, scoresKeys: false } as const;
    return ok({ outputs: { part: { kind: 'encoder-part', acts } } });
  },
  summary: (params) => `${describeHashing(params)} · blocks: ${params.layers}`,
  body: {
    kind: 'part',
    part: ({ params }) => ({
      kind: 'attention',
      layers: params.layers,
      emit: (g, { query, value }, { name, headCount }) =>
        g.scope('lsh', () =>
          lshAttention(g, query, value, {
            headCount,
            ...params,
            chunkSize: chunkSizeOf(params, fixedDim(query, 1)),
            use: name,
          }),
        ),
    }),
  },
});
