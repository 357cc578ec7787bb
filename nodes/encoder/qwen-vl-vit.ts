/** The eyes of Qwen-VL and Monkey: OpenCLIP's ViT-bigG, trained on without its class token. */
import { z } from 'zod';
import { ok } from '#engine/contract/outcome.ts';
import { size } from '#engine/node/architecture-params.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { headwiseProjections } from '#engine/onnx/blocks/attention-projections.ts';
import { plainFeedForward } from '#engine/onnx/blocks/feed-forward.ts';
import { linearWeights } from '#engine/onnx/blocks/linear.ts';
import { norm } from '#engine/onnx/blocks/norm.ts';
import { patchEmbedding, patchGrid } from '#engine/onnx/blocks/patch-embedding.ts';
import { learnedPositions, positionedTokens } from '#engine/onnx/blocks/position-table.ts';
import type { TransformerLayer } from '#engine/onnx/blocks/vision-transformer.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { configFile, foreign, modelTypeOf, readFigures } from '../config/published-config.ts';
import { libraryLayouts } from './names/library-names.ts';
import { encoderSocket } from './tower/encoder-parts.ts';
import { describeTower } from './tower/tower-config.ts';
import { levelsOutput, levelsParam } from './tower/tower-levels.ts';
import { towerSizes } from './tower/tower-sizes.ts';
import { layerNormOf, transformerTower } from './tower/transformer-tower.ts';
import {
  activationParam,
  featureLayerParam,
  normEpsilonParam,
  shapeOfSize,
  transformerParams,
  type VisionTransformerShape,
} from './tower/vision-transformer-params.ts';

interface QwenVlShape extends VisionTransformerShape {
  /** Patches along a side of the square that positions were first trained on. */
  readonly positionSide: number;
}

const exact = { activation: 'gelu', normEpsilon: 1e-6 } as const;

const sizes = towerSizes(
  {
    'vit-bigg14-448': { label: 'ViT-bigG/14, 448 px', size: [448, 14, 1664, 48, 16, 8192] },
  },
  'vit-bigg14-448',
  ({ size: published }): QwenVlShape => ({ ...shapeOfSize(published, exact), positionSide: 16 }),
);

const params = {
  model: sizes.param,
  featureLayer: { ...featureLayerParam, default: -1 },
  ...levelsParam,
  ...transformerParams,
  positionSide: size('Positions a side', 'Of the square of learned positions.', 16, 512),
  activation: activationParam('gelu'),
  normEpsilon: normEpsilonParam(1e-6),
  ...weightParams,
} as const;

type QwenVlParams = ParamValues<typeof params>;

const tower = transformerTower<QwenVlParams, QwenVlShape>({
  title: "Qwen-VL's tower",
  shapeOf: sizes.shapeOf,
  prefixTokens: () => 0,
  positions: () => 'interpolated',
  norm: layerNormOf,
  finalNorm: () => null,
  choices: { patches: { leaves: 'patches' } },
});

const visualSchema = z.object({
  visual: z.object({
    image_size: z.union([z.int(), z.array(z.int())]).default(448),
    patch_size: z.int(),
    width: z.int(),
    layers: z.int(),
    heads: z.int(),
    mlp_ratio: z.number(),
  }),
});

/** Monkey's configuration tells the size of the picture, of which the tower sees windows of this side. */
const windowSide = 448;

export const qwenVlVit = defineNode({
  type: 'encoder/qwen-vl-vit',
  version: 1,
  family: 'encoder',
  title: 'Qwen-VL ViT-bigG',
  about:
    'The largest of the openly trained CLIPs, with which Qwen-VL and Monkey see: 48 layers of 1664 channels, 1.8 billion ' +
    'parameters, more than many of the language models here. It has no class token and no norm at its end; its positions, ' +
    'trained on 16 × 16 patches, are stretched over the 32 × 32 of a picture of 448 pixels. The resampler behind it makes ' +
    '256 tokens of the 1024.',
  references: [
    {
      title:
        'Qwen-VL: A Versatile Vision-Language Model for Understanding, Localization, Text Reading, and Beyond',
      url: 'https://arxiv.org/abs/2308.12966',
    },
    {
      title: 'Reproducible scaling laws for contrastive language-image learning',
      url: 'https://arxiv.org/abs/2212.07143',
    },
  ],
  params,
  inputs: { pixels: { kind: 'pixels', title: 'Pixels' }, ...encoderSocket },
  outputs: { tokens: { kind: 'tokens', title: 'Visual tokens' }, ...levelsOutput },
  fromConfig(files) {
    const file = configFile(files, 'config.json');
    if (!file.ok) return file;
    const type = modelTypeOf(file.value);
    if (type !== 'qwen' && type !== 'monkey')
      return foreign(`config.json describes no tower of Qwen-VL's; it is that of "${type}".`);
    const read = readFigures(visualSchema, file.value, 'config.json');
    if (!read.ok) return read;
    const { visual } = read.value;
    const imageSize = [visual.image_size].flat()[0] ?? windowSide;
    const shape: QwenVlShape = {
      imageSize: type === 'monkey' ? windowSide : imageSize,
      patchSize: visual.patch_size,
      hiddenSize: visual.width,
      layerCount: visual.layers,
      headCount: visual.heads,
      feedForwardSize: Math.trunc(visual.width * visual.mlp_ratio),
      ...exact,
      positionSide: 16,
    };
    return ok({
      params: { ...sizes.paramsFor({ ...shape }), featureLayer: -1 },
      took: [type === 'monkey' ? 'Monkey' : 'Qwen-VL', ...describeTower(shape)],
      file: 'config.json',
    });
  },
  keyLayouts: (values) =>
    libraryLayouts({
      ...tower.extentOf(values),
      prefixes: [
        ['Qwen-VL', 'transformer.visual.'],
        ['tower alone', ''],
      ],
      layers: 'transformer.resblocks.',
      owned: /^(conv1|positional_embedding|ln_pre|transformer)(\.|$)/,
      unused: /^$/,
    }),
  demand: tower.demand,
  infer: tower.infer,
  layers: sizes.layers,
  summary: sizes.summary,
  body: {
    kind: 'onnx',
    dims: tower.dims,
    emit(g, { pixels }, context) {
      const shape = sizes.shapeOf(context.params);
      const { hiddenSize, patchSize, positionSide } = shape;
      const embedding = { patchSize, hiddenSize, bias: false };
      const patches = patchEmbedding(g, pixels, 'conv1', embedding);
      const positions = learnedPositions(g, 'positional_embedding', hiddenSize, {
        prefixTokens: 0,
        trained: { rows: positionSide, columns: positionSide },
        kernel: 'bicubic',
        antialias: false,
      });
      const grid = patchGrid(context.inputs.pixels, shape);
      const embedded = positionedTokens(g, patches, [], positions, grid); // [B, N, D]
      const normed = norm(g, embedded, 'ln_pre', layerNormOf(shape));
      return tower.outputs(g, normed, qwenVlLayers(g, shape), context);
    },
  },
});

/** Source: Qwen/Qwen-VL, visual.py (VisualAttentionBlock). */
function qwenVlLayers(g: GraphBuilder, shape: QwenVlShape): readonly TransformerLayer[] {
  const { hiddenSize, headCount, layerCount } = shape;
  const heads = { hiddenSize, headCount };
  const square = { inputs: hiddenSize, outputs: hiddenSize, bias: true };
  return Array.from({ length: layerCount }, (_, index): TransformerLayer => {
    const layer = `transformer.resblocks.${index}`;
    const feedForward = { up: `${layer}.mlp.c_fc`, down: `${layer}.mlp.c_proj` };
    return {
      attentionNorm: `${layer}.ln_1`,
      feedForwardNorm: `${layer}.ln_2`,
      attention: {
        ...heads,
        projections: headwiseProjections(g, `${layer}.attn.in_proj`, heads),
        output: linearWeights(g, `${layer}.attn.out_proj`, square),
      },
      feedForward: (builder, normed) =>
        plainFeedForward(builder, normed, feedForward, { ...shape, bias: true }),
    };
  });
}
