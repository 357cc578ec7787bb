/** A vision transformer as a published config.json describes it, alone or as the `vision_config` of a whole model. */
import { z } from 'zod';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { ConfigFiles, JsonObject } from '#engine/contract/config-files.ts';
import type { Activation } from '#engine/onnx/blocks/feed-forward.ts';
import {
  activationFromConfig,
  configFile,
  foreign,
  modelTypeOf,
  namedLayers,
  partOf,
  readFigures,
  unsupported,
} from '../../config/published-config.ts';
import { writeLevels } from './tower-levels.ts';
import type { VisionTransformerShape } from './vision-transformer-params.ts';

/** A library's configuration of one kind of tower: what it is called, and what it means by saying nothing. */
export interface TowerConfig {
  readonly title: string;
  readonly modelTypes: readonly string[];
  readonly defaults: JsonObject;
  /** Figures that follow from others. */
  readonly derived?: (own: JsonObject) => JsonObject;
}

export interface FoundTower {
  /** The tower's own part, with the library's defaults where it says nothing. */
  readonly own: JsonObject;
  readonly shape: VisionTransformerShape;
  /** What a whole model takes of the tower; null for a tower alone. */
  readonly features: TakenFeatures | null;
}

export interface TakenFeatures {
  /** Counted from the end: −1 is the last layer; of several the last one. */
  readonly featureLayer: number;
  /** Where several are joined by channel, each from either end as the file says; else null. */
  readonly levels: readonly number[] | null;
  /** Are the tokens before the patches, such as the class token, left out? */
  readonly patchesOnly: boolean;
}

const shapeSchema = z.object({
  image_size: z.int(),
  patch_size: z.int(),
  hidden_size: z.int(),
  num_hidden_layers: namedLayers,
  num_attention_heads: z.int(),
  intermediate_size: z.int(),
  layer_norm_eps: z.number(),
  hidden_act: z.string(),
});

export function towerFromConfig(files: ConfigFiles, tower: TowerConfig): Outcome<FoundTower> {
  const file = configFile(files, 'config.json');
  if (!file.ok) return file;
  const whole = file.value;
  const part = partOf(whole, ['vision_config']);
  const config = part ?? whole;
  if (!tower.modelTypes.includes(modelTypeOf(config)))
    return foreign(
      `config.json describes no ${tower.title} tower; what sees in it is "${modelTypeOf(config)}".`,
    );
  const said = { ...tower.defaults, ...config };
  const own = { ...said, ...tower.derived?.(said) };
  const figures = readFigures(shapeSchema, own, 'config.json');
  if (!figures.ok) return figures;
  const activation = activationFromConfig(figures.value.hidden_act);
  if (activation === null) return unsupported(`The activation "${figures.value.hidden_act}"`);
  const features = part ? featuresOf(whole, figures.value.num_hidden_layers) : ok(null);
  if (!features.ok) return features;
  return ok({ own, shape: shapeOf(figures.value, activation), features: features.value });
}

function shapeOf(
  figures: z.infer<typeof shapeSchema>,
  activation: Activation,
): VisionTransformerShape {
  return {
    imageSize: figures.image_size,
    patchSize: figures.patch_size,
    hiddenSize: figures.hidden_size,
    layerCount: figures.num_hidden_layers,
    headCount: figures.num_attention_heads,
    feedForwardSize: figures.intermediate_size,
    normEpsilon: figures.layer_norm_eps,
    activation,
  };
}

const featuresSchema = z.object({
  vision_feature_layer: z.union([z.int(), z.array(z.int())]).optional(),
  // ViP-LLaVA names its list in the plural.
  vision_feature_layers: z.array(z.int()).optional(),
  vision_feature_select_strategy: z.enum(['default', 'full']).optional(),
});

/** What ViP-LLaVA takes where its configuration does not say. */
const vipLayers = [-2, -5, -8, -11, 6] as const;

/** Null for a model that does not say, such as a CLIP with its text tower. */
function featuresOf(whole: JsonObject, layerCount: number): Outcome<TakenFeatures | null> {
  const parsed = readFigures(featuresSchema, whole, 'config.json');
  if (!parsed.ok) return parsed;
  const figures = parsed.value;
  const isVip = modelTypeOf(whole) === 'vipllava';
  const taken =
    figures.vision_feature_layers ??
    figures.vision_feature_layer ??
    (isVip ? vipLayers : undefined);
  if (taken === undefined && !('projector_hidden_act' in whole)) return ok(null);
  const layers = [taken ?? -2].flat();
  const fromEnd = layers.map((layer) => (layer < 0 ? layer : layer - layerCount - 1));
  const stray = layers.find((_, place) => !isLayer(fromEnd[place] ?? 0, layerCount));
  if (layers.length === 0 || stray !== undefined)
    return unsupported(`Taking layer ${stray ?? 'none'} of ${layerCount}`);
  return ok({
    featureLayer: Math.max(...fromEnd),
    levels: layers.length > 1 ? layers : null,
    patchesOnly: figures.vision_feature_select_strategy !== 'full',
  });
}

const isLayer = (fromEnd: number, layerCount: number): boolean =>
  fromEnd < 0 && fromEnd > -layerCount - 2;

/** What an encoder with tokens before its patches is set to; nothing for a tower alone. */
export function featureParams(features: TakenFeatures | null): JsonObject {
  if (!features) return {};
  const { featureLayer, patchesOnly } = features;
  const select = patchesOnly ? 'patches' : 'all';
  return { featureLayer, select, ...levelsFeatures(features) };
}

/** What an encoder that gives several layers too is set to where they are taken. */
export const levelsFeatures = ({ levels }: TakenFeatures): JsonObject =>
  levels ? { levels: writeLevels(levels) } : {};

/** "24 layers × 1024, 336 px in patches of 14" */
export function describeTower(shape: VisionTransformerShape): readonly string[] {
  return [
    `${shape.layerCount} layers × ${shape.hiddenSize}`,
    `${shape.imageSize} px in patches of ${shape.patchSize}`,
  ];
}

/** "layers -2, -5 side by side" where several are taken. */
export const describeLevels = (features: TakenFeatures | null): readonly string[] =>
  features?.levels ? [`layers ${writeLevels(features.levels)} side by side`] : [];

/** The number that all these layers are multiples of, counted from 1; null where some multiple is left out. */
export function everyOf(layers: readonly number[], layerCount: number): number | null {
  const every = (layers[0] ?? layerCount) + 1;
  const expected = Array.from(
    { length: Math.floor(layerCount / every) },
    (_, index) => every * (index + 1) - 1,
  );
  return layers.join() === expected.join() ? every : null;
}
