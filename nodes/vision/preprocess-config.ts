/** Published image processors as parameters, in the spelling before and since transformers 5. */
import { z } from 'zod';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { ConfigFileName, ConfigFiles, JsonObject } from '#engine/contract/config-files.ts';
import type { TakenConfig } from '#engine/node/taken-config.ts';
import {
  configFile,
  foreign,
  partOf,
  readFigures,
  unsupported,
} from '../config/published-config.ts';

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
  image_mean: z.array(z.number()).length(3),
  image_std: z.array(z.number()).length(3),
});
type Processor = z.infer<typeof processorSchema>;
type Geometry = Readonly<
  Record<'geometry', string> & Partial<Record<'size' | 'width' | 'resizeTo', number | null>>
>;

/** How each processor brings a picture to size; the name without the ending of its variants. */
const processors: Readonly<
  Record<string, (processor: Processor, isPadded: boolean) => Outcome<Geometry>>
> = {
  CLIP: cropped,
  Bit: cropped,
  Llava: cropped,
  Siglip: squashed,
  Blip: squashed,
};

/** Pillow's number for bicubic. */
const bicubic = 3;

export interface Colours {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

export function preprocessFromConfig(
  files: ConfigFiles,
  normalisations: Readonly<Record<string, Colours>>,
): Outcome<TakenConfig> {
  const found = processorIn(files);
  if (!found.ok) return found;
  const { file, json } = found.value;
  const read = readFigures(processorSchema, json, file);
  if (!read.ok) return read;
  const processor = read.value;
  const type = processor.image_processor_type ?? processor.feature_extractor_type ?? 'unnamed';
  const name = type.replace(/(ImageProcessor|FeatureExtractor)(Fast|Pil)?$/, '');
  const geometryOf = Object.hasOwn(processors, name) ? processors[name] : undefined;
  if (!geometryOf) return unsupported(`The image processor ${type}`);
  const lacking = lackingIn(processor);
  if (lacking !== null) return unsupported(lacking);
  const normalisation = Object.keys(normalisations).find((each) =>
    isSame(normalisations[each] as Colours, processor),
  );
  if (normalisation === undefined)
    return unsupported(`Normalising by the mean ${processor.image_mean.join(', ')}`);
  // The authors' own LLaVA says it with the model, not with the processor.
  const isPadded =
    processor.do_pad === true || files['config.json']?.['image_aspect_ratio'] === 'pad';
  const geometry = geometryOf(processor, isPadded);
  if (!geometry.ok) return geometry;
  return ok({
    params: { ...geometry.value, normalisation },
    took: [type, geometry.value.geometry, `${geometry.value.size} px`],
    file,
  });
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
function lackingIn(processor: Processor): string | null {
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

function cropped(processor: Processor, isPadded: boolean): Outcome<Geometry> {
  const { size = 224, crop_size: crop = size } = processor;
  const resizeTo = typeof size === 'number' ? size : size.shortest_edge;
  const height = typeof crop === 'number' ? crop : crop.height;
  const width = typeof crop === 'number' ? crop : crop.width;
  if (resizeTo === undefined || height === undefined || width === undefined)
    return foreign('The image processor says no shortest edge or no crop to bring pictures to.');
  if (processor.do_center_crop === false) return unsupported('A picture that is not cropped');
  if (!isPadded) return ok({ geometry: 'crop', size: height, width, resizeTo });
  if (height !== width || resizeTo !== height)
    return unsupported('Padding to a square and then cropping it');
  return ok({ geometry: 'pad', size: height });
}

function squashed(processor: Processor, isPadded: boolean): Outcome<Geometry> {
  const { size = 224 } = processor;
  const height = typeof size === 'number' ? size : size.height;
  const width = typeof size === 'number' ? size : size.width;
  if (height === undefined || width === undefined)
    return foreign('The image processor says no height or no width to bring pictures to.');
  if (isPadded || processor.do_center_crop === true)
    return unsupported('Squashing a picture and then padding or cropping it');
  return height === width
    ? ok({ geometry: 'squash', size: height })
    : unsupported(`A picture of ${height} × ${width}, which is not square,`);
}
