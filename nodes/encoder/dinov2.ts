/** Meta's DINOv2, with and without register tokens. */
import { z } from 'zod';
import { ok } from '#engine/contract/outcome.ts';
import { flag, size } from '#engine/node/architecture-params.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { patchEmbedding, patchGrid } from '#engine/onnx/blocks/patch-embedding.ts';
import { learnedPositions, positionedTokens } from '#engine/onnx/blocks/position-table.ts';
import { readFigures } from '../config/published-config.ts';
import { dinov2Layers, type Dinov2Shape } from './layers/dinov2-layers.ts';
import { dinov2Layouts } from './names/dinov2-names.ts';
import { encoderSocket } from './tower/encoder-parts.ts';
import {
  describeTower,
  featureParams,
  towerFromConfig,
  type TowerConfig,
} from './tower/tower-config.ts';
import { towerSizes } from './tower/tower-sizes.ts';
import { levelsOutput, levelsParam } from './tower/tower-levels.ts';
import { layerNormOf, transformerTower } from './tower/transformer-tower.ts';
import {
  activationParam,
  normedFeatureLayerParam,
  normEpsilonParam,
  shapeOfSize,
  trainedGrid,
  transformerParams,
  type PublishedSize,
} from './tower/vision-transformer-params.ts';

/** Published with none and with four registers each. */
const published = {
  small: ['S/14', [518, 14, 384, 12, 6, 1536], false],
  base: ['B/14', [518, 14, 768, 12, 12, 3072], false],
  large: ['L/14', [518, 14, 1024, 24, 16, 4096], false],
  giant: ['g/14', [518, 14, 1536, 40, 24, 4096], true],
} as const satisfies Record<string, readonly [string, PublishedSize, boolean]>;

const row = (name: keyof typeof published, registerCount: number) => {
  const [letter, figures, gated] = published[name];
  const label = registerCount === 0 ? letter : `${letter}, ${registerCount} registers`;
  return { label, size: figures, gated, registerCount };
};

function shapeOfRow({ size: figures, gated, registerCount }: ReturnType<typeof row>): Dinov2Shape {
  const rest = { activation: gated ? 'silu' : 'gelu', normEpsilon: 1e-6 } as const;
  return { ...shapeOfSize(figures, rest), gated, registerCount };
}

const sizes = towerSizes(
  {
    small: row('small', 0),
    base: row('base', 0),
    large: row('large', 0),
    giant: row('giant', 0),
    'small-registers': row('small', 4),
    'base-registers': row('base', 4),
    'large-registers': row('large', 4),
    'giant-registers': row('giant', 4),
  },
  'large',
  shapeOfRow,
);

const params = {
  model: sizes.param,
  featureLayer: normedFeatureLayerParam,
  ...levelsParam,
  select: {
    kind: 'choice',
    label: 'Tokens',
    help: 'Which tokens leave the tower.',
    default: 'patches',
    options: [
      { value: 'patches', label: 'Patches' },
      { value: 'all', label: 'Class token, registers and patches' },
      { value: 'pooled', label: 'Pooled', about: 'The class token after the final norm.' },
    ],
  },
  positions: {
    kind: 'choice',
    label: 'Positions',
    help: 'How the learned positions are brought to the grid of the picture.',
    default: 'hugging-face',
    options: [
      {
        value: 'hugging-face',
        label: 'Hugging Face',
        about: 'Bicubic, with antialiasing where there are registers.',
      },
      {
        value: 'timm',
        label: 'timm',
        about:
          'Bicubic with antialiasing; where there are registers, only patches have positions (Prismatic, Cobra).',
      },
    ],
  },
  ...transformerParams,
  registerCount: {
    ...size('Registers', 'Learned tokens beside the class token, without a place.', 4, 1024),
    min: 0,
  },
  gated: flag('Gated feed-forward', 'SwiGLU in place of two linears, as in the giant.', false),
  activation: activationParam('gelu'),
  normEpsilon: normEpsilonParam(1e-6),
  ...weightParams,
} as const;

type Dinov2Params = ParamValues<typeof params>;

const libraryConfig: TowerConfig = {
  title: 'DINOv2',
  modelTypes: ['dinov2', 'dinov2_with_registers'],
  defaults: {
    image_size: 224,
    patch_size: 14,
    hidden_size: 768,
    num_hidden_layers: 12,
    num_attention_heads: 12,
    mlp_ratio: 4,
    hidden_act: 'gelu',
    layer_norm_eps: 1e-6,
    use_swiglu_ffn: false,
  },
  derived: (own) => {
    const { hidden_size: width, mlp_ratio: ratio } = own;
    // Of what is no number there is no size, and that is refused.
    if (typeof width !== 'number' || typeof ratio !== 'number') return { intermediate_size: null };
    const inner = Math.trunc(width * ratio);
    if (own['use_swiglu_ffn'] !== true) return { intermediate_size: inner };
    // Two thirds, rounded up to whole eights.
    const gatedSize = 8 * Math.floor((Math.trunc((inner * 2) / 3) + 7) / 8);
    return { intermediate_size: gatedSize, hidden_act: 'silu' };
  },
};

const registersSchema = z.object({ num_register_tokens: z.int().default(4) });

const tower = transformerTower<Dinov2Params, Dinov2Shape>({
  title: 'DINOv2',
  shapeOf: sizes.shapeOf,
  prefixTokens: ({ registerCount }) => 1 + registerCount,
  positions: () => 'interpolated',
  norm: layerNormOf,
  finalNorm: () => ({ name: 'layernorm', of: 'tokens' }),
  choices: {
    patches: { leaves: 'patches' },
    all: { leaves: 'all' },
    pooled: { leaves: 'single' },
  },
});

export const dinov2 = defineNode({
  type: 'encoder/dinov2',
  version: 1,
  family: 'encoder',
  title: 'DINOv2',
  about:
    'A vision transformer that learned from pictures alone, without a single caption: a student network sees crops of a ' +
    'picture and must answer as its teacher does, who sees all of it. Its tokens know shapes and places well, and words not ' +
    'at all, so multimodal models join it with an encoder that learned from captions. Registers are spare tokens in which ' +
    'the network may keep notes, so that it need not scribble over patches.',
  references: [
    {
      title: 'DINOv2: Learning Robust Visual Features without Supervision',
      url: 'https://arxiv.org/abs/2304.07193',
    },
    { title: 'Vision Transformers Need Registers', url: 'https://arxiv.org/abs/2309.16588' },
  ],
  params,
  inputs: { pixels: { kind: 'pixels', title: 'Pixels' }, ...encoderSocket },
  outputs: { tokens: { kind: 'tokens', title: 'Visual tokens' }, ...levelsOutput },
  fromConfig(files) {
    const found = towerFromConfig(files, libraryConfig);
    if (!found.ok) return found;
    const { own, shape, features } = found.value;
    const withRegisters = own['model_type'] === 'dinov2_with_registers';
    const registers = readFigures(registersSchema, own, 'config.json');
    if (!registers.ok) return registers;
    const figures = {
      ...shape,
      gated: own['use_swiglu_ffn'] === true,
      registerCount: withRegisters ? registers.value.num_register_tokens : 0,
    };
    return ok({
      params: {
        ...sizes.paramsFor(figures),
        positions: 'hugging-face',
        ...featureParams(features),
      },
      took: ['DINOv2', ...describeTower(shape), `${figures.registerCount} registers`],
      file: 'config.json',
    });
  },
  keyLayouts: (values) => dinov2Layouts(tower.extentOf(values)),
  demand: tower.demand,
  infer: tower.infer,
  layers: sizes.layers,
  summary: sizes.summary,
  body: {
    kind: 'onnx',
    dims: tower.dims,
    emit(g, { pixels }, context) {
      const { params: values, inputs } = context;
      const shape = sizes.shapeOf(values);
      const { hiddenSize, patchSize, registerCount } = shape;
      const embedding = { patchSize, hiddenSize, bias: true };
      const patches = patchEmbedding(
        g,
        pixels,
        'embeddings.patch_embeddings.projection',
        embedding,
      );
      const token = (name: string, count: number) => ({
        of: g.tensor(`embeddings.${name}`, [1, count, hiddenSize], 'embedding'),
        count,
      });
      const asTimm = values.positions === 'timm';
      const positions = learnedPositions(g, 'embeddings.position_embeddings', hiddenSize, {
        prefixTokens: asTimm && registerCount > 0 ? 0 : 1,
        trained: trainedGrid(shape),
        kernel: 'bicubic',
        // The library antialiases for the models with registers only.
        antialias: asTimm || registerCount > 0,
      });
      const learned = [
        token('cls_token', 1),
        ...(registerCount > 0 ? [token('register_tokens', registerCount)] : []),
      ];
      const grid = patchGrid(inputs.pixels, shape);
      const embedded = positionedTokens(g, patches, learned, positions, grid); // [B, 1 + R + N, D]
      return tower.outputs(g, embedded, dinov2Layers(g, shape), context);
    },
  },
});
