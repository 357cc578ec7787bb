/** Every published size of an encoder has as many parameters as it was published with. */
import { expect, it } from 'vitest';
import { countParameters } from '#engine/estimate/model-cost.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { catalogue } from '../index.ts';

interface Published {
  /** Parameters in millions, by model. */
  readonly millions: Readonly<Record<string, number>>;
  /** The tokens for which all that is counted is needed. */
  readonly select: string;
}

/** In millions: a weight for each channel of each of 1000 classes, and their biases. */
const classifierOf = (width: number): number => (1000 * (width + 1)) / 1e6;

/**
 * Figures of timm are from its results/ (benchmark-infer-*.csv, results-imagenetv2-matched-frequency.csv, snapshot of
 * August 2026); those with a classifier have it taken off.
 */
const published: Readonly<Record<string, Published>> = {
  // timm: vit_*_siglip_*, with the pooling head.
  'encoder/siglip': {
    select: 'pooled',
    millions: {
      'so400m-p14-384': 428.23,
      'so400m-p14-224': 427.68,
      'large-p16-384': 316.28,
      'base-p16-512': 93.52,
      'base-p16-384': 93.18,
      'base-p16-224': 92.88,
      'so400m-p16-256': 427.89,
      'so400m-p16-384': 428.26,
      'so400m-p16-512': 428.77,
      'giant-p16-256': 1163.17,
      'giant-p16-384': 1163.66,
    },
  },
  // timm: naflexvit_*_patch16_siglip.
  'encoder/siglip2': { select: 'pooled', millions: { 'so400m-p16': 427.89, 'base-p16': 92.93 } },
  // timm: vit_*_siglip_gap_*, which have no pooling head; Idefics2 and 3 publish no figure for the tower alone.
  'encoder/idefics3-vision': {
    select: 'patches',
    millions: { 'base-p16-512': 86.43, 'so400m-p14-384': 412.99 },
  },
  // timm: eva_giant_patch14_*, less a classifier; BLIP-2's, one layer shorter, as LAVIS counts it.
  'encoder/eva': {
    select: 'mean',
    millions: {
      'blip2-g14-224': 986,
      'g14-224': 1012.56 - classifierOf(1408),
      'g14-336': 1013.01 - classifierOf(1408),
      'g14-560': 1014.45 - classifierOf(1408),
    },
  },
  // timm: eva02_*; CLIP's less their projections to 512 and 768, those of 336 and 448 px less a classifier.
  'encoder/eva02': {
    select: 'mean',
    millions: {
      'clip-large-336': 304.43 - (768 * 1025) / 1e6,
      'clip-large-224': 304.11 - (768 * 1025) / 1e6,
      'clip-base-224': 86.26 - (512 * 769) / 1e6,
      'tiny-224': 5.5,
      'tiny-336': 5.76 - classifierOf(192),
      'small-224': 21.62,
      'small-336': 22.13 - classifierOf(384),
      'base-224': 85.76,
      'base-448': 87.12 - classifierOf(768),
      'large-224': 303.27,
      'large-448': 305.08 - classifierOf(1024),
    },
  },
  // timm: vit_*_patch16_dinov3_qkvb, which have the biases that Meta's checkpoints have, and vit_7b_patch16_dinov3.
  'encoder/dinov3': {
    select: 'all',
    millions: {
      s16: 21.6,
      's16-plus': 28.69,
      b16: 85.66,
      l16: 303.13,
      'h16-plus': 840.59,
      '7b16': 6716.03,
    },
  },
  // timm: aimv2_*; the native one differs from large-224 by its table of positions only.
  'encoder/aimv2': {
    select: 'patches',
    millions: {
      'large-224': 309.2,
      'large-336': 309.53,
      'large-448': 309.98,
      'huge-224': 680.85,
      'huge-336': 681.34,
      'huge-448': 682.03,
      '1b-224': 1234.96,
      '1b-336': 1235.61,
      '1b-448': 1236.53,
      '3b-224': 2720.66,
      '3b-336': 2721.64,
      '3b-448': 2723.02,
      'large-native': 309.2 - (256 * 1024) / 1e6,
    },
  },
  // Model cards of OpenGVLab: InternViT-300M-448px, -6B-448px-V1-5, -6B-224px.
  'encoder/intern-vit': {
    select: 'all',
    millions: { '300m-448': 304, '6b-448': 5540, '6b-224': 5903 },
  },
  // Pixtral 12B (2410.07073): an encoder of 400 million.
  'encoder/pixtral': {
    select: 'patches',
    millions: { 'pixtral-12b': 400, 'mistral-small-3.1': 400 },
  },
  // Safetensors totals of the published models, less those of the Qwen2 and Qwen2.5 that they read with.
  'encoder/qwen2-vl-vision': {
    select: 'merged',
    millions: {
      'qwen2-vl-2b': 2208.99 - 1543.71,
      'qwen2-vl-7b': 8291.38 - 7615.62,
      'qwen2-vl-72b': 73_405.56 - 72_706.2,
      'qwen2.5-vl-3b': 3754.62 - 3085.94,
      'qwen2.5-vl-7b': 8292.17 - 7615.62,
      'qwen2.5-vl-32b': 33_452.72 - 32_763.88,
      'qwen2.5-vl-72b': 73_410.78 - 72_706.2,
    },
  },
  // timm: swin_*, less a classifier.
  'encoder/swin': {
    select: 'mean',
    millions: {
      'tiny-224': 28.29 - classifierOf(768),
      'small-224': 49.61 - classifierOf(768),
      'base-224': 87.77 - classifierOf(1024),
      'base-384': 87.9 - classifierOf(1024),
      'large-224': 196.53 - classifierOf(1536),
      'large-384': 196.74 - classifierOf(1536),
    },
  },
  // timm: samvit_*_patch16.
  'encoder/sam-vit': { select: 'neck', millions: { b: 89.67, l: 308.28, h: 637.03 } },
  // timm: vitamin_*, with the projection to CLIP's space.
  'encoder/vitamin': {
    select: 'projected',
    millions: {
      'small-224': 22.03,
      'base-224': 87.72,
      'large-224': 333.32,
      'large-256': 333.38,
      'large-336': 333.57,
      'large-384': 333.71,
      'large2-224': 333.58,
      'large2-256': 333.64,
      'large2-336': 333.83,
      'large2-384': 333.97,
      'xlarge-256': 436.06,
      'xlarge-336': 436.06,
      'xlarge-384': 436.06,
    },
  },
};

/** Sizes of Idefics and TinyChart that differ from one that is compared by their tables of positions alone. */
const withoutFigure = new Set(['so400m-p14-364', 'so400m-p14-980', 'so400m-p14-768']);

it.each(Object.entries(published))('%s', (type, { select, millions }) => {
  const definition = catalogue[type as 'encoder/vit'];
  const models = definition.params.model.options.map(({ value }): string => value);
  const compared = models.filter((model) => model !== 'custom' && !withoutFigure.has(model));
  expect(Object.keys(millions).toSorted()).toEqual(compared.toSorted());
  for (const [model, expected] of Object.entries(millions)) {
    const params = { model, select, featureLayer: -1 };
    const shown = { ...standards(definition.params), ...params };
    const asked = definition.demand?.({ params: shown as never, demands: {} })['pixels'];
    const side = asked?.pixels ?? asked?.usualPixels ?? 0;
    const pixels = { kind: 'pixels', height: side, width: side } as const;
    const built = valueOf(buildSingleNode({ definition, params, inputs: { pixels } }));
    const share = countParameters([built.model]) / 1e6 / expected;
    expect(Math.abs(share - 1), `${model}: ${share * expected} million`).toBeLessThan(0.01);
  }
});

const standards = (params: Readonly<Record<string, { readonly default: unknown }>>) =>
  Object.fromEntries(Object.entries(params).map(([name, param]) => [name, param.default]));
