/** One layer of cross-attention from learned queries, with sines and cosines of two axes as places: Qwen-VL and relatives. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error, type Problem } from '#engine/contract/problem.ts';
import { choice, flag, modelParam, size, withoutLabel } from '#engine/node/architecture-params.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { knownCount } from '#engine/node/wire.ts';
import { dropPrefix } from '#engine/onnx/blocks/feature-map.ts';
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { gridOf } from '../tokens/grid.ts';
import { prefixedLayout } from './names/prefixed-layout.ts';
import { resamplerFromConfig } from './configs/sincos-resampler-config.ts';
import { hasTable, resample, type ResamplerShape } from './layers/sincos-resampler-layer.ts';
import { checkInputWidth, headProblem, widthParams } from '../tokens/widths.ts';

const asQwen = { queryPlaces: true, patchPlaces: 'stretched' } as const;
const smallModel = { queryCount: 64, hiddenSize: 2304, headCount: 18 } as const;

/** Heads have 128 channels in all of them; the hidden size is that of the language model. */
const published = {
  'qwen-vl': {
    label: 'Qwen-VL, Monkey',
    queryCount: 256,
    hiddenSize: 4096,
    headCount: 32,
    ...asQwen,
  },
  omnilmm: {
    label: 'OmniLMM 12B',
    queryCount: 64,
    hiddenSize: 4096,
    headCount: 32,
    ...asQwen,
  },
  'minicpm-v': { label: 'MiniCPM-V 1.0', ...smallModel, ...asQwen },
  'minicpm-v-2': {
    label: 'MiniCPM-V 2.0',
    ...smallModel,
    queryPlaces: true,
    patchPlaces: 'counted',
  },
  'minicpm-v-2.5': {
    label: 'MiniCPM-Llama3-V 2.5',
    queryCount: 96,
    hiddenSize: 4096,
    headCount: 32,
    queryPlaces: false,
    patchPlaces: 'counted',
  },
  'minicpm-v-2.6': {
    label: 'MiniCPM-V 2.6',
    queryCount: 64,
    hiddenSize: 3584,
    headCount: 28,
    queryPlaces: false,
    patchPlaces: 'counted',
  },
  'llava-uhd': {
    label: 'LLaVA-UHD 13B',
    queryCount: 64,
    hiddenSize: 5120,
    headCount: 40,
    queryPlaces: false,
    patchPlaces: 'stretched',
  },
} as const;

const publishedNames = Object.keys(published) as (keyof typeof published)[];

const params = {
  model: modelParam(published, 'qwen-vl'),
  inputWidth: widthParams.inputWidth,
  queryCount: size('Queries', 'Learned questions; so many visual tokens come out.', 64, 65_536),
  hiddenSize: size('Hidden size', 'Channels of the language model, which go out.', 4096, 65_536),
  headCount: size('Heads', 'Heads of attention.', 32, 1024),
  queryPlaces: flag(
    'Queries have places',
    'The queries lie on a square grid of their own, and each looks from its place.',
    true,
  ),
  patchPlaces: choice('Places of patches', 'What a patch is told of where it lies.', 'stretched', [
    {
      value: 'stretched',
      label: 'Stretched',
      about: "The table of the queries' square, stretched over the picture.",
    },
    { value: 'counted', label: 'Counted', about: 'Its own row and column, whatever the grid.' },
  ]),
  ...weightParams,
} as const;

type ResamplerParams = ParamValues<typeof params>;

const shapeOfPublished = (name: keyof typeof published): ResamplerShape =>
  withoutLabel(published[name]);

const shapeOf = (values: ResamplerParams): ResamplerShape =>
  values.model === 'custom' ? values : shapeOfPublished(values.model);

/** Qwen-VL's encoder owns the last norm and matrix. */
const qwen: KeyLayout = {
  title: 'Qwen-VL',
  key: (name) =>
    `transformer.visual.${/^(ln_post|proj)\b/.test(name) ? name : `attn_pool.${name}`}`,
  owns: (key) => /^transformer\.visual\.(attn_pool\.|ln_post\.|proj$)/.test(key),
};

const keyLayouts: readonly KeyLayout[] = [
  prefixedLayout('resampler alone', ''),
  qwen,
  prefixedLayout('OmniLMM', 'model.resampler.'),
  prefixedLayout('MiniCPM-V', 'resampler.'),
  prefixedLayout('LLaVA-UHD', 'model.mm_projector.'),
];

export const sincosResampler = defineNode({
  type: 'projector/sincos-resampler',
  version: 1,
  family: 'projector',
  title: 'Cross-attention resampler',
  about:
    'Learned queries look once at all patches and take their place: 1024 patches become 256 tokens in Qwen-VL, 64 in ' +
    'MiniCPM-V. A patch is told its row and column by sines and cosines, so that reading order and layout survive. ' +
    'Works for slices of any shape, which is why models that cut large pictures use it; one layer costs little, and ' +
    'fine print that no query asked for is lost.',
  references: [
    {
      title: 'Qwen-VL: A Versatile Vision-Language Model',
      url: 'https://arxiv.org/abs/2308.12966',
    },
    {
      title: 'LLaVA-UHD: an LMM Perceiving Any Aspect Ratio and High-Resolution Images',
      url: 'https://arxiv.org/abs/2403.11703',
    },
    {
      title: 'MiniCPM-V: A GPT-4V Level MLLM on Your Phone',
      url: 'https://arxiv.org/abs/2408.01800',
    },
  ],
  params,
  inputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  outputs: { tokens: { kind: 'tokens', title: 'Query tokens' } },
  fromConfig: (files) =>
    resamplerFromConfig(files, publishedNames, (name) => ({ ...shapeOfPublished(name) })),
  keyLayouts: () => keyLayouts,
  demand: ({ params: { inputWidth } }) => ({ tokens: { channels: inputWidth ?? undefined } }),
  infer({ id, params: values, inputs: { tokens } }) {
    const shape = shapeOf(values);
    const problem = headProblem(shape.hiddenSize, shape.headCount) ?? placesProblem(shape);
    if (problem) return fail(problem);
    const width = checkInputWidth(id, values.inputWidth, tokens);
    if (!width.ok) return width;
    const grid = gridOf('The resampler', tokens);
    if (!grid.ok) return grid;
    const count = knownCount(shape.queryCount);
    const channels = shape.hiddenSize;
    return ok({
      outputs: { tokens: { ...tokens, count, channels, prefixTokens: 0, grid: null } },
      found: { grid: grid.value },
    });
  },
  summary: (values) => {
    const label = values.model === 'custom' ? 'custom' : published[values.model].label;
    return `${label} · ${shapeOf(values).queryCount} queries`;
  },
  body: {
    kind: 'onnx',
    emit(g, { tokens }, { params: values, inputs, found: { grid } }) {
      const shape = shapeOf(values);
      const patches = dropPrefix(g, tokens, inputs.tokens.prefixTokens); // [views, N, Dv]
      return { tokens: resample(g, patches, shape, grid) };
    },
  },
});

/** Why there are no places for these figures, if there are none. */
function placesProblem(shape: ResamplerShape): Problem | null {
  const { hiddenSize, queryCount } = shape;
  if (hiddenSize % 4 !== 0) {
    const message = `Sines and cosines of two axes need channels in fours, and there are ${hiddenSize}; choose a multiple of 4.`;
    return error('arrangement-unsupported', message, { param: 'hiddenSize' });
  }
  if (hasTable(shape) && !Number.isInteger(Math.sqrt(queryCount))) {
    const message = `${queryCount} queries do not lie on a square grid; choose a square number, or queries without places and patches that are counted.`;
    return error('arrangement-unsupported', message, { param: 'queryCount' });
  }
  return null;
}
