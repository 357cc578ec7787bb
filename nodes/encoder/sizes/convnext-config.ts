/** A ConvNeXt as a published config.json describes it, alone or as the `vision_config` of a whole model. */
import { z } from 'zod';
import type { ConfigFiles, JsonObject } from '#engine/contract/config-files.ts';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import {
  configFile,
  foreign,
  modelTypeOf,
  partOf,
  readFigures,
  unsupported,
} from '../../config/published-config.ts';
import { patchSize } from '../layers/convnext-layers.ts';
import { stagesShape } from '../staged/stage-sizes.ts';

const schema = z.object({
  hidden_sizes: z.array(z.int()).min(4).default([96, 192, 384, 768]),
  depths: z.array(z.int()).min(4).default([3, 3, 9, 3]),
  patch_size: z.int().default(patchSize),
  num_channels: z.int().default(3),
  hidden_act: z.string().default('gelu'),
  image_size: z.int().default(224),
  layer_norm_eps: z.number().optional(),
});

const modelTypes = new Set(['convnext', 'convnextv2', 'dinov3_convnext']);

/** What timm calls the published sizes. */
export const timmConvNexts = {
  convnext_tiny: 'tiny',
  convnext_small: 'small',
  convnext_base: 'base',
  convnext_large: 'large',
  convnext_large_mlp: 'large-clip-320',
  convnext_xlarge: 'xlarge',
  convnext_xxlarge: 'xxlarge-clip',
  convnextv2_atto: 'v2-atto',
  convnextv2_femto: 'v2-femto',
  convnextv2_pico: 'v2-pico',
  convnextv2_nano: 'v2-nano',
  convnextv2_tiny: 'v2-tiny',
  convnextv2_base: 'v2-base',
  convnextv2_large: 'v2-large',
  convnextv2_huge: 'v2-huge',
};

export interface FoundConvNext {
  /** Figures by which a published size is told. */
  readonly figures: JsonObject;
  readonly imageSize: number;
  /** Of the final norm. */
  readonly finalEpsilon: number;
  readonly isDinov3: boolean;
}

export function convNextFromConfig(files: ConfigFiles): Outcome<FoundConvNext> {
  const file = configFile(files, 'config.json');
  if (!file.ok) return file;
  const config = partOf(file.value, ['vision_config']) ?? file.value;
  const type = modelTypeOf(config);
  if (!modelTypes.has(type))
    return foreign(`config.json describes no ConvNeXt; what sees in it is "${type}".`);
  const read = readFigures(schema, config, 'config.json');
  if (!read.ok) return read;
  const { hidden_sizes: widths, depths, hidden_act: activation } = read.value;
  if (widths.length !== depths.length || widths.length > 5)
    return unsupported(`A ConvNeXt of ${widths.length} widths and ${depths.length} depths`);
  if (read.value.patch_size !== patchSize || read.value.num_channels !== 3)
    return unsupported('A ConvNeXt that does not cut 3 channels into patches of 4');
  if (activation !== 'gelu') return unsupported(`The activation "${activation}"`);
  const isDinov3 = type === 'dinov3_convnext';
  const finalEpsilon = read.value.layer_norm_eps ?? (isDinov3 ? 1e-6 : 1e-12);
  return ok({
    figures: {
      ...stagesShape(widths, depths),
      weighing: type === 'convnextv2' ? 'response-norm' : 'layer-scale',
      // The library has this one for all but DINOv3, whatever the file says.
      normEpsilon: isDinov3 ? finalEpsilon : 1e-6,
    },
    imageSize: read.value.image_size,
    finalEpsilon,
    isDinov3,
  });
}
