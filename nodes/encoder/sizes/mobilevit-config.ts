/** Both MobileViTs as a published config.json describes them: the Hugging Face library's, or timm's. */
import { z } from 'zod';
import type { ConfigFiles } from '#engine/contract/config-files.ts';
import type { Outcome } from '#engine/contract/outcome.ts';
import {
  configFile,
  foreign,
  modelTypeOf,
  readFigures,
  unsupported,
} from '../../config/published-config.ts';
import { patchSide } from '../layers/mobilevit-layers.ts';

/** What the library lets a configuration change that is not built, and what it must be. */
const shared = {
  patch_size: z.int().default(patchSide),
  conv_kernel_size: z.int().default(3),
  output_stride: z.int().default(32),
  layer_norm_eps: z.number().default(1e-5),
  image_size: z.int().default(256),
};

const firstSchema = z.object({
  ...shared,
  /** Stem, stages, last map. */
  neck_hidden_sizes: z.array(z.int()).length(7).default([16, 32, 64, 96, 128, 160, 640]),
  hidden_sizes: z.array(z.int()).length(3).default([144, 192, 240]),
  num_attention_heads: z.int().default(4),
  mlp_ratio: z.number().default(2),
  expand_ratio: z.number().default(4),
  hidden_act: z.string().default('silu'),
});

const secondSchema = z.object({
  ...shared,
  width_multiplier: z.number().default(1),
  n_attn_blocks: z.array(z.int()).default([2, 4, 3]),
  base_attn_unit_dims: z.array(z.int()).default([128, 192, 256]),
  expand_ratio: z.number().default(2),
  ffn_multiplier: z.number().default(2),
  hidden_act: z.string().default('swish'),
});

export type FirstFigures = z.infer<typeof firstSchema>;
export type SecondFigures = z.infer<typeof secondSchema>;

export const firstFromConfig = (files: ConfigFiles): Outcome<FirstFigures> =>
  libraryConfig(files, 'mobilevit', firstSchema);

export function secondFromConfig(files: ConfigFiles): Outcome<SecondFigures> {
  const found = libraryConfig(files, 'mobilevitv2', secondSchema);
  if (!found.ok) return found;
  const { n_attn_blocks: depths, base_attn_unit_dims: widths, ffn_multiplier: ratio } = found.value;
  const isPublished =
    depths.join() === '2,4,3' &&
    widths.join() === '128,192,256' &&
    ratio === 2 &&
    found.value.expand_ratio === 2;
  return isPublished ? found : unsupported('A MobileViT V2 that is more than wider or narrower');
}

function libraryConfig<
  Figures extends z.infer<z.ZodObject<typeof shared>> & { hidden_act: string },
>(files: ConfigFiles, type: string, schema: z.ZodType<Figures>): Outcome<Figures> {
  const file = configFile(files, 'config.json');
  if (!file.ok) return file;
  const own = modelTypeOf(file.value);
  if (own !== type) return foreign(`config.json describes no "${type}", but "${own}".`);
  const read = readFigures(schema, file.value, 'config.json');
  if (!read.ok) return read;
  const { hidden_act: activation, patch_size: patch, output_stride: stride } = read.value;
  if (activation !== 'silu' && activation !== 'swish')
    return unsupported(`The activation "${activation}"`);
  if (patch !== patchSide) return unsupported(`Patches of ${patch} × ${patch} places`);
  if (stride !== 32) return unsupported(`A last map of ${stride} px a place`);
  if (read.value.conv_kernel_size !== 3) return unsupported('A kernel of another side than 3');
  if (read.value.layer_norm_eps !== 1e-5) return unsupported('Another epsilon than 1e-5');
  return read;
}
