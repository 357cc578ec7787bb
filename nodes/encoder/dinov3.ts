/** Meta's DINOv3 as a vision transformer. */
import { z } from 'zod';
import { ok } from '#engine/contract/outcome.ts';
import { decimal, flag, size } from '#engine/node/architecture-params.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { patchEmbedding, patchGrid, prependTokens } from '#engine/onnx/blocks/patch-embedding.ts';
import { readFigures, unsupported } from '../config/published-config.ts';
import { dinov3Layers, prefixOf, type Dinov3Shape } from './layers/dinov3-layers.ts';
import { dinov3Layouts } from './names/dinov3-names.ts';
import { encoderSocket } from './tower/encoder-parts.ts';
import {
  describeTower,
  featureParams,
  towerFromConfig,
  type TowerConfig,
} from './tower/tower-config.ts';
import { rotaryProblem } from './tower/tower-rotary.ts';
import { towerSizes } from './tower/tower-sizes.ts';
import { levelsOutput, levelsParam } from './tower/tower-levels.ts';
import { layerNormOf, transformerTower } from './tower/transformer-tower.ts';
import {
  activationParam,
  lastFeatureLayerParam,
  normEpsilonParam,
  shapeOfSize,
  transformerParams,
  type PublishedSize,
} from './tower/vision-transformer-params.ts';

/** The largest alone adds no biases to queries and values. */
const row = (
  label: string,
  published: PublishedSize,
  { gated = false, queryValueBias = true }: { gated?: boolean; queryValueBias?: boolean } = {},
) => ({ label, size: published, gated, queryValueBias });

const sizes = towerSizes(
  {
    s16: row('S/16', [224, 16, 384, 12, 6, 1536]),
    's16-plus': row('S+/16', [224, 16, 384, 12, 6, 1536], { gated: true }),
    b16: row('B/16', [224, 16, 768, 12, 12, 3072]),
    l16: row('L/16', [224, 16, 1024, 24, 16, 4096]),
    'h16-plus': row('H+/16', [224, 16, 1280, 32, 20, 5120], { gated: true }),
    '7b16': row('7B/16', [224, 16, 4096, 40, 32, 8192], { gated: true, queryValueBias: false }),
  },
  'l16',
  ({ size: published, gated, queryValueBias }): Dinov3Shape => ({
    ...shapeOfSize(published, { activation: gated ? 'silu' : 'gelu', normEpsilon: 1e-5 }),
    registerCount: 4,
    gated,
    queryValueBias,
    rotaryBase: 100,
  }),
);

const params = {
  model: sizes.param,
  featureLayer: lastFeatureLayerParam,
  ...levelsParam,
  select: {
    kind: 'choice',
    label: 'Tokens',
    help: 'Which tokens leave the encoder.',
    default: 'patches',
    options: [
      { value: 'patches', label: 'Patches' },
      { value: 'all', label: 'Class token, registers and patches' },
      { value: 'pooled', label: 'Pooled', about: 'The class token after the final norm.' },
    ],
  },
  ...transformerParams,
  registerCount: {
    ...size('Registers', 'Learned tokens beside the class token, without a place.', 4, 1024),
    min: 0,
  },
  gated: flag('Gated feed-forward', 'SwiGLU in place of two linears, as in S+, H+ and 7B.', false),
  queryValueBias: flag('Projection bias', 'Queries and values add a bias; keys never do.', true),
  rotaryBase: decimal('Rotary base', 'Base of the frequencies of positions.', 100, 1, 1e9),
  activation: activationParam('gelu'),
  normEpsilon: normEpsilonParam(1e-5),
  ...weightParams,
} as const;

type Dinov3Params = ParamValues<typeof params>;

const libraryConfig: TowerConfig = {
  title: 'DINOv3',
  modelTypes: ['dinov3_vit'],
  defaults: {
    image_size: 224,
    patch_size: 16,
    hidden_size: 384,
    num_hidden_layers: 12,
    num_attention_heads: 6,
    intermediate_size: 1536,
    hidden_act: 'gelu',
    layer_norm_eps: 1e-5,
  },
};

const detailsSchema = z.object({
  num_register_tokens: z.int().default(0),
  use_gated_mlp: z.boolean().default(false),
  query_bias: z.boolean().default(true),
  value_bias: z.boolean().default(true),
  proj_bias: z.boolean().default(true),
  mlp_bias: z.boolean().default(true),
  rope_theta: z.number().default(100),
});

const tower = transformerTower<Dinov3Params, Dinov3Shape>({
  title: 'DINOv3',
  shapeOf: sizes.shapeOf,
  prefixTokens: prefixOf,
  positions: () => 'interpolated',
  norm: layerNormOf,
  finalNorm: () => ({ name: 'norm', of: 'tokens' }),
  choices: {
    patches: { leaves: 'patches' },
    all: { leaves: 'all' },
    pooled: { leaves: 'single' },
  },
  check: (values, found) => rotaryProblem('DINOv3', sizes.shapeOf(values), found),
});

export const dinov3 = defineNode({
  type: 'encoder/dinov3',
  version: 1,
  family: 'encoder',
  title: 'DINOv3',
  about:
    'DINOv2 grown up: a vision transformer of up to 7 billion weights that learned from pictures alone, and smaller ones ' +
    'distilled from it. Patches are turned by their place in the picture instead of having positions added, so any size ' +
    'and shape of picture is taken. Its patches say where things are and end more sharply than those of any tower trained ' +
    'with captions; of words it knows nothing.',
  references: [{ title: 'DINOv3', url: 'https://arxiv.org/abs/2508.10104' }],
  params,
  inputs: { pixels: { kind: 'pixels', title: 'Pixels' }, ...encoderSocket },
  outputs: { tokens: { kind: 'tokens', title: 'Visual tokens' }, ...levelsOutput },
  fromConfig(files) {
    const found = towerFromConfig(files, libraryConfig);
    if (!found.ok) return found;
    const { own, shape, features } = found.value;
    const details = readFigures(detailsSchema, own, 'config.json');
    if (!details.ok) return details;
    const { query_bias: bias, value_bias: valueBias, proj_bias, mlp_bias, ...rest } = details.value;
    if (bias !== valueBias || !proj_bias || !mlp_bias)
      return unsupported('A DINOv3 with other biases than the published ones');
    const figures = {
      ...shape,
      registerCount: rest.num_register_tokens,
      gated: rest.use_gated_mlp,
      queryValueBias: bias,
      rotaryBase: rest.rope_theta,
    };
    return ok({
      params: { ...sizes.paramsFor(figures), ...featureParams(features) },
      took: ['DINOv3', ...describeTower(shape), `${figures.registerCount} registers`],
      file: 'config.json',
    });
  },
  keyLayouts: (values) => dinov3Layouts(tower.extentOf(values)),
  demand: tower.demand,
  infer: tower.infer,
  layers: sizes.layers,
  summary: sizes.summary,
  body: {
    kind: 'onnx',
    emit(g, { pixels }, context) {
      const { params: values, inputs } = context;
      const shape = sizes.shapeOf(values);
      const { hiddenSize, patchSize, registerCount } = shape;
      const embedding = { patchSize, hiddenSize, bias: true };
      const patches = patchEmbedding(g, pixels, 'embeddings.patch_embeddings', embedding);
      const token = (name: string, count: number) => ({
        of: g.tensor(`embeddings.${name}`, [1, count, hiddenSize], 'embedding'),
        count,
      });
      const learned = [
        token('cls_token', 1),
        ...(registerCount > 0 ? [token('register_tokens', registerCount)] : []),
      ];
      const embedded = prependTokens(g, patches, learned); // [B, 1 + R + N, D]
      const layers = dinov3Layers(g, shape, patchGrid(inputs.pixels, shape));
      return tower.outputs(g, embedded, layers, context);
    },
  },
});
