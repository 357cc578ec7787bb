/** A published image processor, in the spelling before and since transformers 5. */
import { z } from 'zod';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { ConfigFileName, ConfigFiles, JsonObject } from '#engine/contract/config-files.ts';
import { configFile, partOf, readFigures, unsupported } from '../config/published-config.ts';
import { normalisations, type Normalisation } from './normalisation.ts';

/** A side, as the oldest files have it, or sides by their names. */
const sizeSchema = z.union([
  z.int(),
  z.object({
    shortest_edge: z.int().optional(),
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
  image_mean: z.tuple([z.number(), z.number(), z.number()]),
  image_std: z.tuple([z.number(), z.number(), z.number()]),
});
export type Processor = z.infer<typeof processorSchema>;

/** Pillow's number for bicubic. */
const bicubic = 3;

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

/** What a recipe here always does, and a processor can leave out or do otherwise. */
export function lackingIn(processor: Processor): string | null {
  if ((processor.resample ?? bicubic) !== bicubic)
    return `Resizing by filter ${processor.resample}, not bicubic,`;
  const left = (['do_resize', 'do_rescale', 'do_normalize'] as const).find(
    (step) => processor[step] === false,
  );
  return left === undefined ? null : `A processor with ${left} off`;
}

function isSame({ mean, deviation }: Colours, processor: Processor): boolean {
  const near = (a: readonly number[], b: readonly number[]): boolean =>
    a.every((value, index) => Math.abs(value - (b[index] as number)) < 1e-6);
  return near(mean, processor.image_mean) && near(deviation, processor.image_std);
}
