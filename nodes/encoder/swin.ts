/** Microsoft's Swin transformer. */
import { z } from 'zod';
import { ok } from '#engine/contract/outcome.ts';
import {
  decimal,
  modelParam,
  size,
  whenCustom,
  withoutLabel,
} from '#engine/node/architecture-params.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { partsOfKind } from '#engine/node/part.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { knownCount, sameViews, type WireOf } from '#engine/node/wire.ts';
import { convolution } from '#engine/onnx/blocks/convolution.ts';
import { channelsLast } from '#engine/onnx/blocks/feature-map.ts';
import { norm } from '#engine/onnx/blocks/norm.ts';
import { mean } from '#engine/onnx/operators.ts';
import { fixedDim } from '#engine/onnx/value.ts';
import {
  activationFromConfig,
  configFile,
  foreign,
  modelTypeOf,
  partOf,
  publishedOrCustom,
  readFigures,
  unsupported,
} from '../config/published-config.ts';
import { filteredDims, keptShareOf, tokensBehind } from './layers/swin-filter.ts';
import { keptGround, wholeGround } from './layers/swin-ground.ts';
import { swinMerging, swinNorm, swinStage } from './layers/swin-layers.ts';
import { swinLayouts } from './names/swin-names.ts';
import { readCounts } from '../tokens/count-list.ts';
import { swinStages, type SwinFigures } from './layers/swin-shape.ts';
import { encoderSocket } from './tower/encoder-parts.ts';
import { activationParam, normEpsilonParam } from './tower/vision-transformer-params.ts';

/** Channels of the first stage, layers and heads. */
const widths = {
  tiny: [96, '2, 2, 6, 2', '3, 6, 12, 24'],
  small: [96, '2, 2, 18, 2', '3, 6, 12, 24'],
  base: [128, '2, 2, 18, 2', '4, 8, 16, 32'],
  large: [192, '2, 2, 18, 2', '6, 12, 24, 48'],
} as const;

function row(name: keyof typeof widths, imageSize: number, windowSize: number) {
  const [hiddenSize, depths, headCounts] = widths[name];
  const label = `${name[0]?.toUpperCase()}${name.slice(1)}, ${imageSize} px`;
  return { label, imageSize, windowSize, hiddenSize, depths, headCounts };
}

const published = {
  'tiny-224': row('tiny', 224, 7),
  'small-224': row('small', 224, 7),
  'base-224': row('base', 224, 7),
  'base-384': row('base', 384, 12),
  'large-224': row('large', 224, 7),
  'large-384': row('large', 384, 12),
};

type Model = keyof typeof published;

const inAll = { patchSize: 4, feedForwardRatio: 4, activation: 'gelu', normEpsilon: 1e-5 } as const;

const figuresOfRow = (sizes: (typeof published)[Model]): SwinFigures => ({
  ...withoutLabel(sizes),
  ...inAll,
});

const figuresOf = (name: Model): SwinFigures => figuresOfRow(published[name]);

const counts = (label: string, help: string, standard: string) =>
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
  model: modelParam(published, 'base-384', figuresOfRow),
  select: {
    kind: 'choice',
    label: 'Tokens',
    help: 'Which tokens leave the encoder, normed.',
    default: 'patches',
    options: [
      { value: 'patches', label: 'Grid', about: 'Of the last stage: a thirty-second of a side.' },
      { value: 'mean', label: 'Mean', about: 'One token, the mean of the grid.' },
    ],
  },
  imageSize: size('Image size', 'Side of the square picture it was trained on.', 224, 4096, 'px'),
  patchSize: size('Patch size', 'Side of a patch.', 4, 512, 'px'),
  hiddenSize: size(
    'First width',
    'Channels of the first stage; each next has twice as many.',
    96,
    16_384,
  ),
  depths: counts('Layers', 'Layers of each stage.', '2, 2, 6, 2'),
  headCounts: counts('Heads', 'Heads of attention of each stage.', '3, 6, 12, 24'),
  windowSize: size('Window', 'Places along a side of a window.', 7, 128),
  feedForwardRatio: decimal(
    'Feed-forward ratio',
    'Channels inside a feed-forward, in widths.',
    4,
    0.1,
    64,
  ),
  activation: activationParam('gelu'),
  normEpsilon: normEpsilonParam(1e-5),
  ...weightParams,
} as const;

type SwinParams = ParamValues<typeof params>;

const shapeOf = ({ model, ...custom }: SwinParams): SwinFigures =>
  model === 'custom' ? custom : figuresOf(model);

const figuresSchema = z.object({
  image_size: z.int().default(224),
  patch_size: z.int().default(4),
  embed_dim: z.int().default(96),
  depths: z.array(z.int()).default([2, 2, 6, 2]),
  num_heads: z.array(z.int()).default([3, 6, 12, 24]),
  window_size: z.int().default(7),
  mlp_ratio: z.number().default(4),
  qkv_bias: z.boolean().default(true),
  use_absolute_embeddings: z.boolean().default(false),
  hidden_act: z.string().default('gelu'),
  layer_norm_eps: z.number().default(1e-5),
});

export const swin = defineNode({
  type: 'encoder/swin',
  version: 1,
  family: 'encoder',
  title: 'Swin',
  about:
    'A vision transformer in stages, as convolutional networks are built: each layer looks only at small windows, which ' +
    'every second layer shifts so that neighbours meet, and between stages four places become one of twice the channels. ' +
    'Its cost grows with the size of the picture, not with its square; what lies far apart meets only in the last stages.',
  references: [
    {
      title: 'Swin Transformer: Hierarchical Vision Transformer using Shifted Windows',
      url: 'https://arxiv.org/abs/2103.14030',
    },
  ],
  params,
  inputs: { pixels: { kind: 'pixels', title: 'Pixels' }, ...encoderSocket },
  outputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  fromConfig(files) {
    const file = configFile(files, 'config.json');
    if (!file.ok) return file;
    const config = partOf(file.value, ['vision_config', 'encoder']) ?? file.value;
    const type = modelTypeOf(config);
    if (type !== 'swin')
      return foreign(`config.json describes no Swin; what sees in it is "${type}".`);
    const read = readFigures(figuresSchema, config, 'config.json');
    if (!read.ok) return read;
    const said = read.value;
    const activation = activationFromConfig(said.hidden_act);
    if (activation === null) return unsupported(`The activation "${said.hidden_act}"`);
    if (!said.qkv_bias || said.use_absolute_embeddings)
      return unsupported('A Swin without biases or with absolute positions');
    const figures = {
      imageSize: said.image_size,
      patchSize: said.patch_size,
      hiddenSize: said.embed_dim,
      depths: said.depths.join(', '),
      headCounts: said.num_heads.join(', '),
      windowSize: said.window_size,
      feedForwardRatio: said.mlp_ratio,
      activation,
      normEpsilon: said.layer_norm_eps,
    };
    return ok({
      params: publishedOrCustom(Object.keys(published) as Model[], figuresOf, figures),
      took: ['Swin', `${figures.depths} layers`, `windows of ${figures.windowSize}`],
      file: 'config.json',
    });
  },
  keyLayouts: (values) => swinLayouts(shapeOf(values).hiddenSize),
  demand: ({ params: values }) => ({ pixels: { usualPixels: shapeOf(values).imageSize } }),
  infer({ params: values, inputs: { pixels, parts } }) {
    const stages = swinStages(shapeOf(values), pixels);
    if (!stages.ok) return stages;
    const share = keptShareOf(parts, pixels);
    if (!share.ok) return share;
    const last = stages.value.at(-1) as (typeof stages.value)[number];
    const isMean = values.select === 'mean';
    const tokens: WireOf<'tokens'> = {
      kind: 'tokens',
      ...sameViews(pixels),
      count: isMean ? knownCount(1) : tokensBehind(last, share.value),
      channels: last.hiddenSize,
      prefixTokens: 0,
      grid: isMean || share.value !== null ? null : last.grid,
    };
    return ok({ outputs: { tokens }, found: { stages: stages.value, keptShare: share.value } });
  },
  layers: (values) =>
    (readCounts(shapeOf(values).depths) ?? []).reduce((sum, count) => sum + count, 0),
  summary: (values) =>
    values.model === 'custom' ? `custom, ${values.imageSize} px` : published[values.model].label,
  body: {
    kind: 'onnx',
    dims: ({ params: values, found: { stages, keptShare }, outputs: { tokens } }) =>
      filteredDims(stages, keptShare, tokens.count, shapeOf(values)),
    emit(g, { pixels }, { params: values, found: { stages }, parts }) {
      const figures = shapeOf(values);
      const { hiddenSize, patchSize } = figures;
      const name = 'embeddings.patch_embeddings.projection';
      const embedded = convolution(g, pixels, name, {
        inputs: fixedDim(pixels, 1),
        outputs: hiddenSize,
        kernel: patchSize,
        stride: patchSize,
        bias: true,
      });
      const map = norm(g, channelsLast(g, embedded), 'embeddings.norm', swinNorm(figures));
      const [filter] = partsOfKind(parts, 'patch-filter');
      const kept = filter?.keep(g, pixels, { patchSize });
      let ground = kept ? keptGround(g, kept) : wholeGround(g);
      let x = ground.enter(map);
      for (const [index, stage] of stages.entries()) {
        if (index > 0) {
          const step = `encoder.layers.${index - 1}.downsample`;
          ({ tokens: x, ground } = swinMerging(g, x, ground, step, figures));
        }
        x = swinStage(g, x, ground, figures, stage, index);
      }
      const tokens = ground.leave(norm(g, x, 'layernorm', swinNorm(figures))); // [B, N, D]
      return { tokens: values.select === 'mean' ? mean(g, tokens, 1, true) : tokens };
    },
  },
});
