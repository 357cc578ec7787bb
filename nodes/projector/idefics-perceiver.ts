/** Idefics' perceiver resampler: Flamingo's with norms of queries and keys, head by head. */
import { z } from 'zod';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { ConfigFiles } from '#engine/contract/config-files.ts';
import { flag, modelParam, size, withoutLabel } from '#engine/node/architecture-params.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import type { TakenConfig } from '#engine/node/taken-config.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { knownCount } from '#engine/node/wire.ts';
import type { SelfAttention } from '#engine/onnx/blocks/attention.ts';
import { normHeads } from '#engine/onnx/blocks/attention-heads.ts';
import { noneBiased, separateProjections } from '#engine/onnx/blocks/attention-projections.ts';
import { plainFeedForward } from '#engine/onnx/blocks/feed-forward.ts';
import { linearWeights } from '#engine/onnx/blocks/linear.ts';
import type { Norm } from '#engine/onnx/blocks/norm.ts';
import { contextAndLatents, perceive, type PerceiverLayer } from '#engine/onnx/blocks/perceiver.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import {
  configFile,
  foreign,
  modelTypeOf,
  publishedOrCustom,
  readFigures,
} from '../config/published-config.ts';
import { prefixedLayout } from './names/prefixed-layout.ts';
import { checkOwnWidth } from '../tokens/widths.ts';

/** Its figures, by the names of its parameters. */
interface IdeficsPerceiverShape {
  readonly latentCount: number;
  readonly hiddenSize: number;
  readonly layerCount: number;
  readonly headCount: number;
  readonly headSize: number;
  readonly headNorms: boolean;
}

const published = {
  idefics: {
    label: 'Idefics 9B and 80B',
    latentCount: 64,
    hiddenSize: 1280,
    layerCount: 6,
    headCount: 16,
    headSize: 96,
    headNorms: true,
  },
} as const;

const params = {
  model: modelParam(published, 'idefics'),
  latentCount: size('Latents', 'Learned vectors; so many visual tokens come out.', 64, 65_536),
  hiddenSize: size('Hidden size', 'Channels of the visual tokens, in and out.', 1280, 65_536),
  layerCount: size('Layers', 'How often the latents look.', 6, 512),
  headCount: size('Heads', 'Heads of attention.', 16, 1024),
  headSize: size('Head size', 'Channels of one head.', 96, 4096),
  headNorms: flag('Norm queries and keys', 'A LayerNorm over the channels of each head.', true),
  ...weightParams,
} as const;

type IdeficsPerceiverParams = ParamValues<typeof params>;

const shapeOfPublished = (name: keyof typeof published): IdeficsPerceiverShape =>
  withoutLabel(published[name]);

const shapeOf = (values: IdeficsPerceiverParams): IdeficsPerceiverShape =>
  values.model === 'custom' ? values : shapeOfPublished(values.model);

const kind: Norm = { kind: 'layer', epsilon: 1e-5 };

const keyLayouts = [
  prefixedLayout('resampler alone', ''),
  prefixedLayout('Idefics, Hugging Face', 'model.perceiver_resampler.'),
];

export const ideficsPerceiver = defineNode({
  type: 'projector/idefics-perceiver',
  version: 1,
  family: 'projector',
  title: 'Idefics perceiver',
  about:
    'The perceiver resampler of Idefics, the open rebuilding of Flamingo: 64 learned latents look at the patches of one ' +
    'picture and at one another, layer after layer, and go on in place of the patches. Queries and keys are normed head ' +
    'by head before they meet, which keeps the training of a model this deep from running away. The tokens stay as wide ' +
    'as they came: wire a linear projector behind it.',
  references: [
    {
      title:
        'OBELICS: An Open Web-Scale Filtered Dataset of Interleaved Image-Text Documents (Idefics)',
      url: 'https://arxiv.org/abs/2306.16527',
    },
  ],
  params,
  inputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  outputs: { tokens: { kind: 'tokens', title: 'Latents' } },
  fromConfig,
  keyLayouts: () => keyLayouts,
  demand: ({ params: values }) => ({ tokens: { channels: shapeOf(values).hiddenSize } }),
  infer({ params: values, inputs: { tokens } }) {
    const { hiddenSize, latentCount } = shapeOf(values);
    const width = checkOwnWidth("Idefics' perceiver", hiddenSize, tokens);
    if (!width.ok) return width;
    const count = knownCount(latentCount);
    return ok({ outputs: { tokens: { ...tokens, count, prefixTokens: 0, grid: null } } });
  },
  layers: (values) => shapeOf(values).layerCount,
  summary: (values) => {
    const label = values.model === 'custom' ? 'custom' : published[values.model].label;
    return `${label} · ${shapeOf(values).latentCount} latents`;
  },
  body: {
    kind: 'onnx',
    dims: ({ params: values, inputs: { tokens } }) => ({
      [contextAndLatents]: tokens.count.tokens + shapeOf(values).latentCount,
    }),
    emit(g, { tokens }, { params: values }) {
      const shape = shapeOf(values);
      return {
        tokens: perceive(g, tokens, {
          latents: 'latents',
          latentCount: shape.latentCount,
          layers: Array.from({ length: shape.layerCount }, (_, index) => layer(g, index, shape)),
          finalNorm: 'layer_norm',
          norm: kind,
        }),
      };
    },
  },
});

function layer(g: GraphBuilder, index: number, shape: IdeficsPerceiverShape): PerceiverLayer {
  const [attention, feedForward] = [`blocks.${index}.0`, `blocks.${index}.1`];
  const { hiddenSize } = shape;
  return {
    contextNorm: `${attention}.context_layer_norm`,
    latentsNorm: `${attention}.latents_layer_norm`,
    feedForwardNorm: `${feedForward}.ln`,
    attention: attentionOf(g, attention, shape),
    feedForward: (builder, normed) =>
      plainFeedForward(
        builder,
        normed,
        { up: `${feedForward}.fc`, down: `${feedForward}.c_proj` },
        { hiddenSize, feedForwardSize: 4 * hiddenSize, activation: 'relu', bias: false },
      ),
  };
}

function attentionOf(
  g: GraphBuilder,
  name: string,
  { hiddenSize, headCount, headSize, headNorms }: IdeficsPerceiverShape,
): SelfAttention {
  const heads = { hiddenSize, headCount, headSize };
  const own = (part: string) => `${name}.${part}_proj`;
  const names = { query: own('q'), key: own('k'), value: own('v') };
  const output = { inputs: headCount * headSize, outputs: hiddenSize, bias: false };
  const prepare: NonNullable<SelfAttention['prepare']> = ({ query, key, value }) => ({
    query: normHeads(g, query, headSize, `${name}.q_layer_norm`, kind),
    key: normHeads(g, key, headSize, `${name}.k_layer_norm`, kind),
    value,
  });
  return {
    ...heads,
    projections: separateProjections(g, names, heads, noneBiased),
    output: linearWeights(g, own('output'), output),
    ...(headNorms && { prepare }),
  };
}

/** What the library means by saying nothing. */
const configSchema = z.object({
  use_resampler: z.boolean().default(false),
  vision_config: z
    .object({ embed_dim: z.int().optional(), hidden_size: z.int().optional() })
    .prefault({}),
  perceiver_config: z
    .object({
      resampler_n_latents: z.int().default(64),
      resampler_depth: z.int().default(6),
      resampler_n_heads: z.int().default(16),
      resampler_head_dim: z.int().default(96),
      qk_layer_norms_perceiver: z.boolean().default(false),
    })
    .prefault({}),
});

function fromConfig(files: ConfigFiles): Outcome<TakenConfig> {
  const file = configFile(files, 'config.json');
  if (!file.ok) return file;
  const type = modelTypeOf(file.value);
  if (type !== 'idefics')
    return foreign(`config.json describes no Idefics perceiver; what it has is that of "${type}".`);
  const config = readFigures(configSchema, file.value, 'config.json');
  if (!config.ok) return config;
  const { use_resampler: used, vision_config: vision, perceiver_config: own } = config.value;
  if (!used) return foreign('This Idefics model gives all patches on; it has no perceiver.');
  const shape = {
    latentCount: own.resampler_n_latents,
    hiddenSize: vision.embed_dim ?? vision.hidden_size ?? 768,
    layerCount: own.resampler_depth,
    headCount: own.resampler_n_heads,
    headSize: own.resampler_head_dim,
    headNorms: own.qk_layer_norms_perceiver,
  };
  return ok({
    params: publishedOrCustom(['idefics'], shapeOfPublished, shape),
    took: [
      "Idefics' perceiver",
      `${shape.layerCount} layers × ${shape.hiddenSize}`,
      `${shape.latentCount} latents`,
    ],
    file: 'config.json',
  });
}
