/** Funnel Transformer: blocks between which every two tokens become one. */
import { z } from 'zod';
import type { ConfigFiles } from '#engine/contract/config-files.ts';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error, type Problem } from '#engine/contract/problem.ts';
import {
  choice,
  decimal,
  modelParam,
  option,
  size,
  whenCustom,
  withoutLabel,
} from '#engine/node/architecture-params.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import type { TakenConfig } from '#engine/node/taken-config.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { knownCount, type WireOf } from '#engine/node/wire.ts';
import { activations } from '#engine/onnx/blocks/feed-forward.ts';
import {
  funnel as funnelBlocks,
  funnelCounts,
  type FunnelShape,
} from '#engine/onnx/blocks/funnel.ts';
import type { KeyLayout } from '#engine/onnx/weight.ts';
import {
  activationFromConfig,
  configFile,
  foreign,
  modelTypeOf,
  publishedOrCustom,
  readFigures,
  unsupported,
} from '../config/published-config.ts';
import { readCounts } from '../tokens/count-list.ts';
import { checkOwnWidth } from '../tokens/widths.ts';

const base = {
  hiddenSize: 768,
  headCount: 12,
  headSize: 64,
  feedForwardSize: 3072,
  activation: 'gelu-tanh',
  normEpsilon: 1e-9,
  pooling: 'mean',
} as const;
const large = { ...base, hiddenSize: 1024, headCount: 16, feedForwardSize: 4096 } as const;

/** Source of the sizes: the paper's table of models; what it leaves open is as the library has it. */
const published = {
  small: { label: 'Funnel small', blockSizes: '4, 4, 4', blockRepeats: '1, 1, 1', ...base },
  intermediate: {
    label: 'Funnel intermediate',
    blockSizes: '6, 6, 6',
    blockRepeats: '1, 1, 1',
    ...base,
  },
  medium: { label: 'Funnel medium', blockSizes: '6, 3, 3', blockRepeats: '1, 2, 2', ...base },
  large: { label: 'Funnel large', blockSizes: '8, 8, 8', blockRepeats: '1, 1, 1', ...large },
  xlarge: { label: 'Funnel xlarge', blockSizes: '10, 10, 10', blockRepeats: '1, 1, 1', ...large },
} as const;
type PublishedName = keyof typeof published;
const publishedNames = Object.keys(published) as PublishedName[];

const list = (label: string, help: string, standard: string) =>
  ({
    kind: 'text',
    label,
    help,
    default: standard,
    maxCharacters: 200,
    lines: 1,
    shownWhen: whenCustom,
    group: 'architecture',
  }) as const;

const params = {
  model: modelParam(published, 'small'),
  blockSizes: list(
    'Layers of each block',
    'Before each block but the first tokens are pooled.',
    '2, 2',
  ),
  blockRepeats: list(
    'Repeats',
    'How often each layer of a block runs with the same weights, one number a block.',
    '1, 1',
  ),
  hiddenSize: size('Width', 'Channels of a token, an even number.', 768, 8192),
  headCount: size('Heads', 'Heads of attention.', 12, 1024),
  headSize: size('Head size', 'Channels of a head.', 64, 1024),
  feedForwardSize: size('Feed-forward', 'Channels inside the feed-forward.', 3072, 65_536),
  activation: choice(
    'Activation',
    'Of the feed-forward.',
    'gelu-tanh',
    activations.map((name) => option(name)),
  ),
  normEpsilon: decimal('Norm epsilon', 'Keeps the norm of equal numbers finite.', 1e-9, 0, 1),
  pooling: choice('Pooling', 'What becomes of two tokens.', 'mean', [
    option('mean', 'Mean'),
    option('max', 'Largest'),
  ]),
  ...weightParams,
} as const;

type FunnelParams = ParamValues<typeof params>;

const figuresOf = (name: PublishedName) => withoutLabel(published[name]);
const figuresIn = (values: FunnelParams) =>
  values.model === 'custom' ? values : figuresOf(values.model);

/** Not used where nothing has a type. */
const isTyping = (key: string): boolean => /\.attention\.(r_s_bias|seg_embed)$/.test(key);

function layout(title: string, prefix: string): KeyLayout {
  return {
    title,
    key: (name) => prefix + name,
    owns: (key) => key.startsWith(`${prefix}encoder.`),
    ignores: isTyping,
  };
}

const keyLayouts = [layout('Funnel, Hugging Face', 'funnel.'), layout('encoder alone', '')];

/** Fails with `param-invalid`. */
export function funnelShape(values: FunnelParams): Outcome<FunnelShape> {
  const { blockSizes, blockRepeats, ...figures } = figuresIn(values);
  const sizes = readCounts(blockSizes);
  const repeats = readCounts(blockRepeats);
  if (!sizes) return invalidList('blockSizes', blockSizes, 'layers', '4, 4, 4');
  if (!repeats) return invalidList('blockRepeats', blockRepeats, 'repeats', '1, 1, 1');
  if (sizes.length !== repeats.length) {
    const message = `There are layers for ${sizes.length} blocks and repeats for ${repeats.length}; write one number of repeats for each block.`;
    return fail(error('param-invalid', message, { param: 'blockRepeats' }));
  }
  if (figures.hiddenSize % 2 !== 0) {
    const message = `A width of ${figures.hiddenSize} has no halves for sines and cosines; choose an even one.`;
    return fail(error('param-invalid', message, { param: 'hiddenSize' }));
  }
  const blocks = sizes.map((layers, index) => ({ layers, repeats: repeats[index] ?? 1 }));
  return ok({ ...figures, blocks });
}

function invalidList(param: string, text: string, what: string, such: string): Outcome<never> {
  const message = `"${text}" is no list of ${what}; write one whole number for each block, such as ${such}.`;
  return fail(error('param-invalid', message, { param }));
}

const arrangement = (message: string): Problem =>
  error('arrangement-unsupported', message, { port: 'tokens' });

function countsOf(tokens: WireOf<'tokens'>, { blocks }: FunnelShape): Outcome<readonly number[]> {
  const { count, prefixTokens } = tokens;
  if (!count.known)
    return fail(
      arrangement(
        'A Funnel Transformer numbers its tokens, of which the picture decides how many come; place it before anything that does so.',
      ),
    );
  if (prefixTokens > 1)
    return fail(
      arrangement(
        `A Funnel Transformer keeps one class token apart, ${prefixTokens} tokens come before those of the patches; let the encoder give the patches only.`,
      ),
    );
  const counts = funnelCounts(count.tokens, prefixTokens === 1, blocks.length);
  if (counts) return ok(counts);
  const message = `${count.tokens} tokens are too few to be halved ${blocks.length - 1} times; use fewer blocks, or a larger picture.`;
  return fail(arrangement(message));
}

export const funnel = defineNode({
  type: 'compression/funnel',
  version: 1,
  family: 'compression',
  title: 'Funnel Transformer',
  about:
    'A transformer that needs fewer and fewer tokens: before each of its later blocks every two neighbours, along the rows of ' +
    'the picture, become their mean. In the first layer behind it the pooled tokens look at those that there were, so that ' +
    'the attention decides what is kept. Three blocks leave a quarter of the tokens, a class token stays by itself. The ' +
    'published models were trained on text; over pictures they have to be trained.',
  references: [
    {
      title: 'Funnel-Transformer: Filtering out Sequential Redundancy',
      url: 'https://arxiv.org/abs/2006.03236',
    },
  ],
  params,
  inputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  outputs: { tokens: { kind: 'tokens', title: 'Pooled tokens' } },
  fromConfig: funnelFromConfig,
  keyLayouts: () => keyLayouts,
  demand: ({ params: values }) => ({ tokens: { channels: figuresIn(values).hiddenSize } }),
  infer({ params: values, inputs: { tokens } }) {
    const shape = funnelShape(values);
    if (!shape.ok) return shape;
    const width = checkOwnWidth('A Funnel Transformer', shape.value.hiddenSize, tokens);
    if (!width.ok) return width;
    const counts = countsOf(tokens, shape.value);
    if (!counts.ok) return counts;
    const left = counts.value.at(-1) ?? tokens.count.tokens;
    const pooled = left === tokens.count.tokens ? tokens : { ...tokens, grid: null };
    return ok({
      outputs: { tokens: { ...pooled, count: knownCount(left) } },
      found: { shape: shape.value },
    });
  },
  layers(values) {
    const shape = funnelShape(values);
    return shape.ok
      ? shape.value.blocks.reduce((sum, { layers, repeats }) => sum + layers * repeats, 0)
      : 0;
  },
  summary: (values) => {
    const label = values.model === 'custom' ? 'custom' : published[values.model].label;
    return `${label} · blocks of ${figuresIn(values).blockSizes}`;
  },
  body: {
    kind: 'onnx',
    emit: (g, { tokens }, { inputs, found: { shape } }) => ({
      tokens: funnelBlocks(g, { tokens, hasClass: inputs.tokens.prefixTokens === 1 }, shape),
    }),
  },
});

const configSchema = z.object({
  block_sizes: z.array(z.int()).default([4, 4, 4]),
  block_repeats: z.array(z.int()).nullish(),
  d_model: z.int().default(768),
  n_head: z.int().default(12),
  d_head: z.int().default(64),
  d_inner: z.int().default(3072),
  hidden_act: z.string().default('gelu_new'),
  layer_norm_eps: z.number().default(1e-9),
  pooling_type: z.enum(['mean', 'max']).default('mean'),
  attention_type: z.string().default('relative_shift'),
  separate_cls: z.boolean().default(true),
  truncate_seq: z.boolean().default(true),
  pool_q_only: z.boolean().default(true),
});

function funnelFromConfig(files: ConfigFiles): Outcome<TakenConfig> {
  const file = configFile(files, 'config.json');
  if (!file.ok) return file;
  const type = modelTypeOf(file.value);
  if (type !== 'funnel')
    return foreign(`config.json describes no Funnel Transformer, but "${type}".`);
  const read = readFigures(configSchema, file.value, 'config.json');
  if (!read.ok) return read;
  const config = read.value;
  const activation = activationFromConfig(config.hidden_act);
  if (!activation) return unsupported(`The activation "${config.hidden_act}"`);
  if (config.attention_type !== 'relative_shift')
    return unsupported(`The attention "${config.attention_type}"`);
  if (!config.separate_cls || !config.truncate_seq || !config.pool_q_only)
    return unsupported('A funnel that pools its class token, pads, or pools keys');
  const { block_sizes: sizes, block_repeats: repeats } = config;
  const figures = {
    blockSizes: sizes.join(', '),
    blockRepeats: (repeats ?? sizes.map(() => 1)).join(', '),
    hiddenSize: config.d_model,
    headCount: config.n_head,
    headSize: config.d_head,
    feedForwardSize: config.d_inner,
    activation,
    normEpsilon: config.layer_norm_eps,
    pooling: config.pooling_type,
  };
  return ok({
    params: publishedOrCustom(publishedNames, figuresOf, figures),
    took: ['Funnel Transformer', `blocks of ${figures.blockSizes}`, `${config.d_model} channels`],
    file: 'config.json',
  });
}
