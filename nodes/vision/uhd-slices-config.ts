/** How MiniCPM-V slices pictures, as its config.json says it. */
import { z } from 'zod';
import type { ConfigFiles } from '#engine/contract/config-files.ts';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { TakenConfig } from '#engine/node/taken-config.ts';
import { configFile, foreign, modelTypeOf, readFigures } from '../config/published-config.ts';

const slicing = {
  max_slice_nums: z.int().optional(),
  patch_size: z.int().optional(),
  scale_resolution: z.int().optional(),
};

/** The first versions say it beside everything else. */
const configSchema = z.object({
  ...slicing,
  slice_mode: z.boolean().default(true),
  slice_config: z.object(slicing).default({}),
});

export function uhdSlicesFromConfig(files: ConfigFiles): Outcome<TakenConfig> {
  const file = configFile(files, 'config.json');
  if (!file.ok) return file;
  const type = modelTypeOf(file.value);
  if (type !== 'minicpmv') return foreign(`config.json describes no slices; "${type}" has none.`);
  const config = readFigures(configSchema, file.value, 'config.json');
  if (!config.ok) return config;
  const { slice_mode: slices, slice_config: own, ...beside } = config.value;
  if (!slices) return foreign('config.json leaves slices off; take it with Native resolution.');
  const mostSlices = own.max_slice_nums ?? beside.max_slice_nums ?? 9;
  const areaSide = own.scale_resolution ?? beside.scale_resolution ?? 448;
  return ok({
    params: {
      mostSlices,
      areaSide,
      patch: own.patch_size ?? beside.patch_size ?? 14,
      rounding: 'nearest',
      normalisation: 'half',
    },
    took: ["MiniCPM-V's slices", `up to ${mostSlices}`, `${areaSide} px a side, or as many pixels`],
    file: 'config.json',
  });
}
