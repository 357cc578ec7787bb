/** ToMe: inside an encoder, tokens that are alike are merged, some in every block. */
import { z } from 'zod';
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { InsideBlockPass } from '#engine/node/part.ts';
import { fewerIn, type FewerTokens } from '#engine/node/wire.ts';
import { markMerged } from '#engine/onnx/blocks/patch-marks.ts';
import { mergeAlike, unmerged } from '#engine/onnx/blocks/token-merging.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { mean } from '#engine/onnx/operators.ts';
import { reshape, transpose, unsqueeze } from '#engine/onnx/shape-operators.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { fixedDim, type Dim, type Value } from '#engine/onnx/value.ts';
import { configFile, foreign, readFigures } from '../config/published-config.ts';

const params = {
  merged: {
    kind: 'text',
    label: 'Tokens a block',
    help: 'How many tokens a block merges away, half of them at most: one number for all blocks, or one a block, such as 16, 16, 8.',
    default: '8',
    maxCharacters: 2000,
    lines: 1,
  },
  proportional: {
    kind: 'flag',
    label: 'Proportional attention',
    help: 'A merged token is looked at as much as all those that it stands for.',
    default: true,
  },
} as const;

/** TinyChart says it in the configuration of its tower. */
const schema = z.object({ tome_r: z.int().min(0).optional() });

type Setting = ParamValues<typeof params> & {
  readonly prefixTokens: number;
  readonly headCount: number;
};

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
  fromConfig(files) {
    const file = configFile(files, 'config.json');
    if (!file.ok) return file;
    const config = readFigures(schema, file.value, 'config.json');
    if (!config.ok) return config;
    const { tome_r: count } = config.value;
    if (count === undefined)
      return foreign('config.json says nothing of merged tokens; "tome_r" is not in it.');
    return ok({
      params: { merged: String(count), proportional: true },
      took: ["TinyChart's merging", `${count} tokens a block`],
      file: 'config.json',
    });
  },
  infer({ params: { merged, proportional } }) {
    const fewer = readFewer(merged);
    if (fewer === null) {
      const message = `"${merged}" is no number of tokens; give a whole number for all blocks, or one a block, such as 16, 16, 8.`;
      return fail(error('param-invalid', message, { param: 'merged' }));
    }
    const acts = { at: 'inside-block', fewer, weighsKeys: proportional } as const;
    return ok({ outputs: { part: { kind: 'encoder-part', acts } } });
  },
  summary: ({ merged }) => `${merged} a block`,
  shows: [{ kind: 'merged-patches', tap: 'marks' }],
  body: {
    kind: 'part',
    part: ({ params: values }) => ({
      kind: 'inside-block',
      begin: (g, { tokens, ...host }) => beginPass(g, tokens, { ...values, ...host }),
    }),
  },
});

/** Null where it is no list of whole numbers. */
function readFewer(text: string): FewerTokens | null {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  if (words.length === 0 || !words.every((word) => /^\d{1,5}$/.test(word))) return null;
  const numbers = words.map(Number);
  return numbers.length === 1 ? (numbers[0] as number) : numbers;
}

/** Taps `size` [B, N, 1], how many tokens each stands for, and `source` [B, N, N₀], which those are. */
function beginPass(
  g: GraphBuilder,
  tokens: Value,
  { merged, proportional, prefixTokens, headCount }: Setting,
): InsideBlockPass {
  const fewer = readFewer(merged) ?? 0;
  let now = unmerged(g, tokens);
  return {
    keyBias: () => (proportional && now.size ? logOf(g, now.size) : null),
    reduce(block) {
      const count = fewerIn(fewer, block);
      if (count === 0) return null;
      return (x, { key }) =>
        g.scope('merge', () => {
          const metric = meanOverHeads(g, key, headCount);
          now = mergeAlike(g, { ...now, tokens: x }, metric, count, prefixTokens);
          if (now.size) g.tap('size', now.size);
          g.tapLater('source', now.source);
          g.tapLater('marks', () => markMerged(g, now.source(), prefixTokens));
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
