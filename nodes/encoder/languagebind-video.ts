/** LanguageBind's tower for clips, which Video-LLaVA sees with: CLIP whose frames look at one another in every layer. */
import { z } from 'zod';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { ConfigFiles } from '#engine/contract/config-files.ts';
import { error, type Problem } from '#engine/contract/problem.ts';
import { size } from '#engine/node/architecture-params.ts';
import { viewsOfOneItem } from '#engine/node/item-views.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import type { TakenConfig } from '#engine/node/taken-config.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { framesText, type WireOf } from '#engine/node/wire.ts';
import {
  configFile,
  foreign,
  modelTypeOf,
  partOf,
  readFigures,
} from '../config/published-config.ts';
import { temporalLayers, type TemporalShape } from './layers/temporal-attention.ts';
import { visionModelLayouts } from './names/tower-names.ts';
import { encoderSocket } from './tower/encoder-parts.ts';
import { describeTower, towerFromConfig, type TowerConfig } from './tower/tower-config.ts';
import type { TowerFeatures } from './tower/tower-features.ts';
import { levelsOutput, levelsParam } from './tower/tower-levels.ts';
import { towerSizes } from './tower/tower-sizes.ts';
import { layerNormOf, transformerTower } from './tower/transformer-tower.ts';
import { clipEmbedding } from './tower/vision-tower.ts';
import {
  activationParam,
  featureLayerParam,
  normEpsilonParam,
  positionsParam,
  shapeOfSize,
  transformerParams,
} from './tower/vision-transformer-params.ts';

const sizes = towerSizes(
  {
    'vit-l14': { label: 'ViT-L/14, 224 px', size: [224, 14, 1024, 24, 16, 4096], frameCount: 8 },
  },
  'vit-l14',
  ({ size: published, frameCount }): TemporalShape => ({
    ...shapeOfSize(published, { activation: 'gelu', normEpsilon: 1e-5 }),
    frameCount,
  }),
);

const params = {
  model: sizes.param,
  featureLayer: featureLayerParam,
  ...levelsParam,
  select: {
    kind: 'choice',
    label: 'Tokens',
    help: 'Which tokens leave the tower.',
    default: 'all',
    options: [
      {
        value: 'all',
        label: 'Class token and patches',
        about: 'Of every frame, as Video-LLaVA takes them.',
      },
      { value: 'patches', label: 'Patches' },
    ],
  },
  positions: positionsParam,
  ...transformerParams,
  frameCount: size('Frames', 'Frames that there are positions in time for.', 8, 4096),
  activation: activationParam('gelu'),
  normEpsilon: normEpsilonParam(1e-5),
  ...weightParams,
} as const;

type LanguageBindParams = ParamValues<typeof params>;

const tower = transformerTower<LanguageBindParams, TemporalShape>({
  title: "LanguageBind's tower",
  shapeOf: sizes.shapeOf,
  prefixTokens: () => 1,
  positions: ({ positions }) => positions,
  norm: layerNormOf,
  finalNorm: () => null,
  choices: { all: { leaves: 'all' }, patches: { leaves: 'patches' } },
  check: (values, found, pixels) =>
    partsProblem(found) ?? framesProblem(sizes.shapeOf(values), pixels),
});

const keyPlaces = [
  ['LanguageBind', 'vision_model.'],
  ['Video-LLaVA, original', 'model.video_tower.video_tower.'],
] as const;

export const languageBindVideo = defineNode({
  type: 'encoder/languagebind-video',
  version: 1,
  family: 'encoder',
  title: 'LanguageBind video ViT',
  about:
    'A CLIP for clips: in every layer each patch first looks at the same patch of all other frames, and then, as in any ' +
    'vision transformer, at the other patches of its own frame. So it can tell opening a door from closing it, which an ' +
    'encoder of single frames cannot. Video-LLaVA sees clips of eight frames with it; it costs about a quarter more than CLIP, ' +
    'and all frames of a clip have to go through together.',
  references: [
    {
      title:
        'LanguageBind: Extending Video-Language Pretraining to N-modality by Language-based Semantic Alignment',
      url: 'https://arxiv.org/abs/2310.01852',
    },
    {
      title: 'Video-LLaVA: Learning United Visual Representation by Alignment Before Projection',
      url: 'https://arxiv.org/abs/2311.10122',
    },
  ],
  params,
  inputs: { pixels: { kind: 'pixels', title: 'Pixels of the frames' }, ...encoderSocket },
  outputs: { tokens: { kind: 'tokens', title: 'Visual tokens' }, ...levelsOutput },
  fromConfig: (files) => languageBindFromConfig(files),
  keyLayouts: (values) => visionModelLayouts({ ...tower.extentOf(values), beside: [] }, keyPlaces),
  demand: tower.demand,
  infer: tower.infer,
  layers: sizes.layers,
  summary: sizes.summary,
  body: {
    kind: 'onnx',
    // The frames of one clip look at one another.
    runsBy: 'item',
    dims: tower.dims,
    emit(g, { pixels }, context) {
      const { params: values, inputs } = context;
      const shape = sizes.shapeOf(values);
      const embedded = clipEmbedding(g, pixels, shape, values.positions, inputs.pixels);
      const layers = temporalLayers(g, shape, viewsOfOneItem(inputs.pixels).most);
      return tower.outputs(g, embedded, layers, context);
    },
  },
});

/** Patches of all frames meet by their places. */
function partsProblem({ host, tokensAfter, known }: TowerFeatures): Problem | null {
  if (known && tokensAfter(host.layerCount) === host.tokens) return null;
  const message =
    "LanguageBind's tower compares the same patch of all frames in each layer, so no part can take tokens out between them; unplug it.";
  return error('parts-conflict', message, { port: 'parts' });
}

function framesProblem({ frameCount }: TemporalShape, pixels: WireOf<'pixels'>): Problem | null {
  const { views } = pixels;
  const { expected, most } = viewsOfOneItem(pixels);
  if (views?.media !== 'video' && most > 1) {
    const message =
      "LanguageBind's tower takes frames of a clip or whole pictures, and these are tiles; encode tiles with CLIP.";
    return error('arrangement-unsupported', message, { port: 'pixels' });
  }
  if (expected !== most) {
    const message =
      'The clips have different numbers of frames, which one graph does not take; give all the same number.';
    return error('arrangement-unsupported', message, { port: 'pixels' });
  }
  if (most <= frameCount) return null;
  const message = `The clip has ${framesText(most)}, and LanguageBind's tower knows ${frameCount} places in time; take ${framesText(frameCount)} or fewer.`;
  return error('dimension-mismatch', message, { port: 'pixels' });
}

const libraryConfig: TowerConfig = {
  title: 'LanguageBind video',
  modelTypes: [],
  defaults: {
    image_size: 224,
    patch_size: 32,
    hidden_size: 768,
    num_hidden_layers: 12,
    num_attention_heads: 12,
    intermediate_size: 3072,
    hidden_act: 'quick_gelu',
    layer_norm_eps: 1e-5,
  },
};

const videoLlavaSchema = z.object({
  mm_video_tower: z.string().regex(/LanguageBind_Video/),
  mm_vision_select_layer: z.int().default(-2),
});
const framesSchema = z.object({ num_frames: z.int().default(8) });

/** LanguageBind's own file, or that of the original Video-LLaVA; the library's Video-LLaVA has plain CLIPs. */
function languageBindFromConfig(files: ConfigFiles): Outcome<TakenConfig> {
  const file = configFile(files, 'config.json');
  if (!file.ok) return file;
  const whole = videoLlavaSchema.safeParse(file.value);
  if (whole.success)
    return ok({
      params: { model: 'vit-l14', featureLayer: whole.data.mm_vision_select_layer, select: 'all' },
      took: ['LanguageBind video of Video-LLaVA'],
      file: 'config.json',
    });
  const part = partOf(file.value, ['vision_config']) ?? file.value;
  if (part['add_time_attn'] !== true)
    return foreign('config.json describes no tower whose frames look at one another.');
  const found = towerFromConfig(files, { ...libraryConfig, modelTypes: [modelTypeOf(part)] });
  if (!found.ok) return found;
  const { own, shape } = found.value;
  const frames = readFigures(framesSchema, own, 'config.json');
  if (!frames.ok) return frames;
  const frameCount = frames.value.num_frames;
  return ok({
    params: sizes.paramsFor({ ...shape, frameCount }),
    took: ['LanguageBind video', ...describeTower(shape), framesText(frameCount)],
    file: 'config.json',
  });
}
