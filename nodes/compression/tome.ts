/** ToMe: inside an encoder, tokens that are alike are merged, some in every block. */
import { ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { lastBlock, type InsideBlockPart, type InsideBlockPass } from '#engine/node/part.ts';
import { mergeAlike, unmerged } from '#engine/onnx/blocks/token-merging.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { mean, reshape, transpose, unsqueeze } from '#engine/onnx/operators.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { fixedDim, type Dim, type Value } from '#engine/onnx/value.ts';

const params = {
  merged: {
    kind: 'integer',
    label: 'Tokens a block',
    help: 'How many tokens each block merges away; at most half of those that there are.',
    default: 8,
    min: 1,
    max: 4096,
  },
  first: {
    kind: 'integer',
    label: 'First block',
    help: 'Merging begins in this block, counted from 0.',
    default: 0,
    min: 0,
    max: 511,
  },
  last: {
    kind: 'integer',
    label: 'Last block',
    help: "Merging ends with this block: −1 is the encoder's last, −2 the one before it.",
    default: -1,
    min: -512,
    max: 511,
  },
  proportional: {
    kind: 'flag',
    label: 'Proportional attention',
    help: 'A merged token is looked at as much as all those that it stands for.',
    default: true,
  },
} as const;

type TomeParams = ParamValues<typeof params>;

export const tome = defineNode({
  type: 'compression/tome',
  version: 1,
  family: 'compression',
  title: 'ToMe',
  about:
    'Token merging. Many patches of a picture say nearly the same: sky, wall, grass. In every block of the encoder, ToMe ' +
    'splits the tokens into two halves, finds for each token of the one its most similar partner in the other, and melts ' +
    'the best pairs into their mean. Each block then has fewer tokens to work on, and nothing has to be trained for it.',
  references: [
    { title: 'Token Merging: Your ViT But Faster', url: 'https://arxiv.org/abs/2210.09461' },
    {
      title: 'TinyChart: Efficient Chart Understanding with Visual Token Merging',
      url: 'https://arxiv.org/abs/2404.16635',
    },
  ],
  params,
  inputs: {},
  outputs: { part: { kind: 'encoder-part', title: 'Encoder part' } },
  infer: ({ params: { merged, first, last, proportional } }) =>
    ok({
      outputs: {
        part: {
          kind: 'encoder-part',
          acts: { at: 'inside-block', first, last, fewer: merged, weighsKeys: proportional },
        },
      },
    }),
  summary: ({ merged, first, last }) =>
    first === 0 && last === -1
      ? `${merged} a block`
      : `${merged} a block, ${first} to ${String(last).replace('-', '−')}`,
  body: {
    kind: 'part',
    part: ({ params: values }) => ({
      kind: 'inside-block',
      begin: (g, { tokens, ...host }) => beginPass(g, tokens, { ...values, ...host }),
    }),
  },
});

/** Taps `size` [B, N, 1], how many tokens each stands for, and `source` [B, N, N₀], which those are. */
function beginPass(
  g: GraphBuilder,
  tokens: Value,
  setting: TomeParams & Omit<Parameters<InsideBlockPart['begin']>[1], 'tokens'>,
): InsideBlockPass {
  const { merged, first, proportional, prefixTokens, headCount } = setting;
  const last = lastBlock(setting.last, setting.layerCount);
  let now = unmerged(g, tokens);
  return {
    keyBias: () => (proportional && now.size ? logOf(g, now.size) : null),
    reduce(block) {
      if (block < first || block > last) return null;
      return (x, key) =>
        g.scope('merge', () => {
          const metric = meanOverHeads(g, key, headCount);
          now = mergeAlike(g, { ...now, tokens: x }, metric, merged, prefixTokens);
          if (now.size) g.tap('size', now.size);
          g.tapLater('source', now.source);
          return now.tokens;
        });
    },
  };
}

/** [B, N, H · d] → [B, N, d] */
function meanOverHeads(g: GraphBuilder, key: Value, headCount: number): Value {
  const [batch, tokens] = key.shape as [Dim, Dim];
  const heads = reshape(g, key, [batch, tokens, headCount, fixedDim(key, -1) / headCount]);
  return mean(g, heads, 2, false);
}

/** [B, N, 1] → log [B, 1, 1, N] */
function logOf(g: GraphBuilder, size: Value): Value {
  const logs = g.op('Log', [size], size);
  return unsqueeze(g, transpose(g, logs, 0, 2, 1), 1);
}
