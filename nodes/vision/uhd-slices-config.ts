/** How MiniCPM-V brings pictures to size, as its config.json says it. */
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

interface Slicing {
  readonly slices: boolean;
  readonly mostSlices: number;
  /** What slices and whole have in common. */
  readonly sizes: {
    readonly areaSide: number;
    readonly patch: number;
    readonly rounding: 'nearest';
    readonly normalisation: 'half';
  };
}

export const isMiniCpm = (files: ConfigFiles): boolean => {
  const config = files['config.json'];
  return config !== undefined && modelTypeOf(config) === 'minicpmv';
};

/** Of a MiniCPM-V; fails with `config-foreign` for all else. */
function readSlicing(files: ConfigFiles): Outcome<Slicing> {
  const file = configFile(files, 'config.json');
  if (!file.ok) return file;
  const type = modelTypeOf(file.value);
  if (!isMiniCpm(files)) return foreign(`config.json describes no slices; "${type}" has none.`);
  const config = readFigures(configSchema, file.value, 'config.json');
  if (!config.ok) return config;
  const { slice_mode: slices, slice_config: own, ...beside } = config.value;
  return ok({
    slices,
    mostSlices: own.max_slice_nums ?? beside.max_slice_nums ?? 9,
    sizes: {
      areaSide: own.scale_resolution ?? beside.scale_resolution ?? 448,
      patch: own.patch_size ?? beside.patch_size ?? 14,
      rounding: 'nearest',
      normalisation: 'half',
    },
  });
}

const areaText = (side: number): string => `as many pixels as ${side} × ${side}`;

export function uhdSlicesFromConfig(files: ConfigFiles): Outcome<TakenConfig> {
  const read = readSlicing(files);
  if (!read.ok) return read;
  const { slices, mostSlices, sizes } = read.value;
  if (!slices) return foreign('config.json leaves slices off; take it with Native resolution.');
  return ok({
    params: { mostSlices, ...sizes },
    took: ["MiniCPM-V's slices", `up to ${mostSlices}`, areaText(sizes.areaSide)],
    file: 'config.json',
  });
}

/** The whole picture, which is seen beside its slices. */
export function wholeFromMiniCpm(files: ConfigFiles): Outcome<TakenConfig> {
  const read = readSlicing(files);
  if (!read.ok) return read;
  const { sizes } = read.value;
  return ok({
    params: { rule: 'area', ...sizes, filter: 'bicubic' },
    took: ["MiniCPM-V's whole picture", areaText(sizes.areaSide)],
    file: 'config.json',
  });
}
