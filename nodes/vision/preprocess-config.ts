/** Published image processors that give one view a picture, as parameters. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { ConfigFiles } from '#engine/contract/config-files.ts';
import type { TakenConfig } from '#engine/node/taken-config.ts';
import { foreign, unsupported } from '../config/published-config.ts';
import { lackingIn, readImageProcessor, type Processor } from './image-processor.ts';

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
  VideoLlava: cropped,
  Siglip: squashed,
  Blip: squashed,
};

export function preprocessFromConfig(files: ConfigFiles): Outcome<TakenConfig> {
  const read = readImageProcessor(files);
  if (!read.ok) return read;
  const { processor, type, name, file, normalisation } = read.value;
  const geometryOf = Object.hasOwn(processors, name) ? processors[name] : undefined;
  if (!geometryOf) return unsupported(`The image processor ${type}`);
  const lacking = lackingIn(processor);
  if (lacking !== null) return unsupported(lacking);
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
  return ok({ geometry: 'squash', size: height, ...(width !== height && { width }) });
}
