/** Published image processors that give one view a picture, as parameters. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { ConfigFiles } from '#engine/contract/config-files.ts';
import type { TakenConfig } from '#engine/node/taken-config.ts';
import { foreign, unsupported } from '../config/published-config.ts';
import type { ResizeFilter } from '#engine/node/host-step.ts';
import {
  filterOf,
  lackingIn,
  readImageProcessor,
  squareSide,
  type Processor,
} from './image-processor.ts';

type Geometry = Readonly<
  Record<'geometry', string> &
    Partial<Record<'size' | 'width' | 'resizeTo' | 'shortest', number | null>>
>;

interface ProcessorKind {
  readonly geometry: (processor: Processor, isPadded: boolean) => Outcome<Geometry>;
  /** By which kernel it resizes where it does not say. */
  readonly filter: ResizeFilter;
}

const crops: ProcessorKind = { geometry: cropped, filter: 'bicubic' };
const squashes: ProcessorKind = { geometry: squashed, filter: 'bicubic' };

/** How each processor brings a picture to size; the name without the ending of its variants. */
const processors: Readonly<Record<string, ProcessorKind>> = {
  CLIP: crops,
  Bit: crops,
  Llava: crops,
  VideoLlava: crops,
  Siglip: squashes,
  Blip: squashes,
  ViT: { ...squashes, filter: 'bilinear' },
  Janus: { geometry: fitted, filter: 'bicubic' },
  DeepseekVL: { geometry: fitted, filter: 'bicubic' },
  Gemma3: { geometry: squashedAlone, filter: 'bilinear' },
};

export function preprocessFromConfig(files: ConfigFiles): Outcome<TakenConfig> {
  const read = readImageProcessor(files);
  if (!read.ok) return read;
  const { processor, type, name, file, normalisation } = read.value;
  const kind = Object.hasOwn(processors, name) ? processors[name] : undefined;
  if (!kind) return unsupported(`The image processor ${type}`);
  const filter = filterOf(processor, kind.filter);
  const lacking = lackingIn(processor, filter);
  if (lacking !== null) return unsupported(lacking);
  // The authors' own LLaVA says it with the model, not with the processor.
  const isPadded =
    processor.do_pad === true || files['config.json']?.['image_aspect_ratio'] === 'pad';
  const geometry = kind.geometry(processor, isPadded);
  if (!geometry.ok) return geometry;
  return ok({
    params: { ...geometry.value, filter, normalisation },
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

/** Without the crops that a node of their own cuts. */
function squashedAlone(processor: Processor, isPadded: boolean): Outcome<Geometry> {
  if (processor.do_pan_and_scan === true)
    return foreign('The image processor pans over the picture; take it with Pan and scan.');
  return squashed(processor, isPadded);
}

function fitted(processor: Processor): Outcome<Geometry> {
  const { size = 384, min_size: shortest = 14, background_color: ground, image_mean } = processor;
  const side = squareSide(size);
  if (side === null) return unsupported('A picture fitted into a size that is no square');
  if (processor.do_pad === false) return unsupported('A picture that is not padded to a square');
  const isMean =
    !ground || image_mean.every((mean, channel) => Math.trunc(mean * 255) === ground[channel]);
  if (!isMean) return unsupported(`Padding with the colour ${ground.join(', ')}`);
  return ok({ geometry: 'fit', size: side, shortest });
}
