/** A published image processor, in the spelling before and since transformers 5. */
import { z } from 'zod';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { ConfigFileName, ConfigFiles, JsonObject } from '#engine/contract/config-files.ts';
import type { ResizeFilter } from '#engine/node/host-step.ts';
import { configFile, partOf, readFigures, unsupported } from '../config/published-config.ts';
import { normalisations, type Normalisation } from './normalisation.ts';

/** A side, as the oldest files have it, or sides by their names. */
const sizeSchema = z.union([
  z.int(),
  z.object({
    shortest_edge: z.int().optional(),
    longest_edge: z.int().optional(),
    height: z.int().optional(),
    width: z.int().optional(),
  }),
]);

const processorSchema = z.object({
  image_processor_type: z.string().optional(),
  /** The oldest spelling of the type. */
  feature_extractor_type: z.string().optional(),
  size: sizeSchema.optional(),
  crop_size: sizeSchema.optional(),
  resample: z.int().optional(),
  do_resize: z.boolean().optional(),
  do_center_crop: z.boolean().optional(),
  do_rescale: z.boolean().optional(),
  do_normalize: z.boolean().optional(),
  do_pad: z.boolean().optional(),
  image_grid_pinpoints: z.array(z.tuple([z.int(), z.int()])).optional(),
  /** InternVL. */
  min_patches: z.int().optional(),
  max_patches: z.int().optional(),
  /** Idefics3 and SmolVLM: the side of a tile. */
  max_image_size: z.object({ longest_edge: z.int() }).optional(),
  do_image_splitting: z.boolean().optional(),
  /** Gemma 3. */
  do_pan_and_scan: z.boolean().nullish(),
  pan_and_scan_min_crop_size: z.int().nullish(),
  pan_and_scan_max_num_crops: z.int().nullish(),
  pan_and_scan_min_ratio_to_activate: z.number().nullish(),
  /** Models of any resolution: Qwen2-VL, Pixtral, SigLIP 2. */
  patch_size: z.union([z.int(), z.object({ height: z.int(), width: z.int() })]).optional(),
  merge_size: z.int().optional(),
  min_pixels: z.int().nullish(),
  max_pixels: z.int().nullish(),
  max_num_patches: z.int().optional(),
  /** Janus. */
  min_size: z.int().optional(),
  background_color: z.array(z.int()).optional(),
  image_mean: z.tuple([z.number(), z.number(), z.number()]),
  image_std: z.tuple([z.number(), z.number(), z.number()]),
});
export type Processor = z.infer<typeof processorSchema>;

/** Pillow's numbers. */
const filters: Readonly<Record<number, ResizeFilter>> = {
  1: 'lanczos',
  2: 'bilinear',
  3: 'bicubic',
};

interface Colours {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

export interface ImageProcessor {
  readonly processor: Processor;
  /** As the file has it. */
  readonly type: string;
  /** The type without the ending of its variants, such as `CLIP`. */
  readonly name: string;
  readonly file: ConfigFileName;
  readonly normalisation: Normalisation;
}

export function readImageProcessor(files: ConfigFiles): Outcome<ImageProcessor> {
  const found = processorIn(files);
  if (!found.ok) return found;
  const { file, json } = found.value;
  const read = readFigures(processorSchema, json, file);
  if (!read.ok) return read;
  const processor = read.value;
  const type = processor.image_processor_type ?? processor.feature_extractor_type ?? 'unnamed';
  const name = type.replace(/(ImageProcessor|FeatureExtractor)(Fast|Pil)?$/, '');
  const names = Object.keys(normalisations) as Normalisation[];
  const normalisation = names.find((each) => isSame(normalisations[each], processor));
  return normalisation === undefined
    ? unsupported(`Normalising by the mean ${processor.image_mean.join(', ')}`)
    : ok({ processor, type, name, file, normalisation });
}

/** Newer folders keep it within the processor of text and pictures. */
function processorIn(
  files: ConfigFiles,
): Outcome<{ readonly file: ConfigFileName; readonly json: JsonObject }> {
  const whole = files['processor_config.json'];
  const inner = whole ? partOf(whole, ['image_processor']) : null;
  if (!files['preprocessor_config.json'] && inner)
    return ok({ file: 'processor_config.json', json: inner });
  const alone = configFile(files, 'preprocessor_config.json');
  return alone.ok ? ok({ file: 'preprocessor_config.json', json: alone.value }) : alone;
}

/** By which kernel it resizes; null where none here is it. */
export function filterOf({ resample }: Processor, standard: ResizeFilter): ResizeFilter | null {
  return resample === undefined ? standard : (filters[resample] ?? null);
}

/** What a recipe that resizes by one kernel always does, and a processor can leave out or do otherwise. */
export function lackingIn(processor: Processor, filter: ResizeFilter | null): string | null {
  if (filter === null || filterOf(processor, filter) !== filter)
    return `Resizing by filter ${processor.resample}${filter === null ? '' : `, not ${filter},`}`;
  const left = (['do_resize', 'do_rescale', 'do_normalize'] as const).find(
    (step) => processor[step] === false,
  );
  return left === undefined ? null : `A processor with ${left} off`;
}

/** The side of a square size; null where it is none. */
export function squareSide(size: Processor['size']): number | null {
  if (typeof size === 'number') return size;
  return size?.height !== undefined && size.height === size.width ? size.height : null;
}

function isSame({ mean, deviation }: Colours, processor: Processor): boolean {
  const near = (a: readonly number[], b: readonly number[]): boolean =>
    a.every((value, index) => Math.abs(value - (b[index] as number)) < 1e-6);
  return near(mean, processor.image_mean) && near(deviation, processor.image_std);
}
