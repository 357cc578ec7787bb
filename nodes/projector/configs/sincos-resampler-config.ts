/** The cross-attention resampler of a published config.json, by its `model_type`. */
import { z } from 'zod';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { ConfigFiles, JsonObject } from '#engine/contract/config-files.ts';
import type { TakenConfig } from '#engine/node/taken-config.ts';
import {
  configFile,
  foreign,
  modelTypeOf,
  publishedOrCustom,
  readFigures,
  unsupported,
} from '../../config/published-config.ts';
import { describeWidths } from '../../tokens/widths.ts';
import type { ResamplerShape } from '../layers/sincos-resampler-layer.ts';

const configSchema = z.object({
  hidden_size: z.int().default(4096),
  // MiniCPM-V
  query_num: z.int().default(64),
  version: z.union([z.number(), z.string().regex(/^\d+(\.\d+)?$/)]).optional(),
  slice_mode: z.boolean().default(false),
  vision_config: z.object({ hidden_size: z.int().optional() }).prefault({}),
  // OmniLMM
  num_query: z.int().default(64),
  mm_hidden_size: z.int().optional(),
  // Qwen-VL
  visual: z.object({ output_dim: z.int(), width: z.int() }).optional(),
});
type Config = z.infer<typeof configSchema>;

interface Described {
  readonly title: string;
  readonly inputWidth: number | null;
  readonly shape: Omit<ResamplerShape, 'headCount'>;
}

const asQwen = { queryPlaces: true, patchPlaces: 'stretched' } as const;
const counted = { queryPlaces: false, patchPlaces: 'counted' } as const;

/** MiniCPM-V's versions; later ones look at several frames at once. */
const placesByVersion: Readonly<
  Record<string, Pick<ResamplerShape, 'queryPlaces' | 'patchPlaces'>>
> = {
  '1.0': asQwen,
  '2.0': { ...counted, queryPlaces: true },
  '2.5': counted,
  '2.6': counted,
  '4.0': counted,
};

const families: Readonly<Record<string, (config: Config) => Outcome<Described>>> = {
  qwen: qwenVl,
  monkey: qwenVl,
  omnilmm: (config) =>
    ok({
      title: 'OmniLMM',
      inputWidth: config.mm_hidden_size ?? null,
      shape: { queryCount: config.num_query, hiddenSize: config.hidden_size, ...asQwen },
    }),
  minicpmv: miniCpmV,
  minicpmo: miniCpmV,
};

function qwenVl({ visual }: Config): Outcome<Described> {
  if (!visual) return foreign('config.json describes Qwen without eyes; choose that of Qwen-VL.');
  const shape = { queryCount: 256, hiddenSize: visual.output_dim, ...asQwen };
  return ok({ title: 'Qwen-VL', inputWidth: visual.width, shape });
}

function miniCpmV(config: Config): Outcome<Described> {
  const version = versionOf(config);
  const places = Object.hasOwn(placesByVersion, version) ? placesByVersion[version] : undefined;
  if (!places) return unsupported(`The resampler of MiniCPM-V ${version}`);
  const sizes = { queryCount: config.query_num, hiddenSize: config.hidden_size };
  return ok({
    title: `MiniCPM-V ${version}`,
    inputWidth: config.vision_config.hidden_size ?? null,
    shape: { ...sizes, ...places },
  });
}

/** Before 2.6 a configuration does not say; only 2.0 and later cut pictures into slices. */
function versionOf({ version, hidden_size: hidden, query_num: queries, slice_mode }: Config) {
  if (version !== undefined) return Number(version).toFixed(1);
  if (hidden !== 2304 || queries !== 64) return '2.5';
  return slice_mode ? '2.0' : '1.0';
}

export function resamplerFromConfig<Name extends string>(
  files: ConfigFiles,
  names: readonly Name[],
  figuresOf: (name: Name) => JsonObject,
): Outcome<TakenConfig> {
  const file = configFile(files, 'config.json');
  if (!file.ok) return file;
  const type = modelTypeOf(file.value);
  const family = Object.hasOwn(families, type) ? families[type] : undefined;
  if (!family)
    return foreign(
      `config.json describes no cross-attention resampler; what it has is that of "${type}".`,
    );
  const config = readFigures(configSchema, file.value, 'config.json');
  if (!config.ok) return config;
  const described = family(config.value);
  if (!described.ok) return described;
  const { title, inputWidth, shape: found } = described.value;
  const shape = { ...found, headCount: Math.floor(found.hiddenSize / 128) };
  return ok({
    params: { ...publishedOrCustom(names, figuresOf, shape), inputWidth },
    took: [
      `${title}'s resampler`,
      `${shape.queryCount} queries`,
      describeWidths({ inputWidth, outputWidth: shape.hiddenSize }),
    ],
    file: 'config.json',
  });
}
