/** Gemma 3's pan and scan: crops along the longer side of a picture, beside the whole. */
import { ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { foreign, unsupported } from '../config/published-config.ts';
import { lackingIn, readImageProcessor, squareSide } from './image-processor.ts';
import { normalisationParam, normalisations } from './normalisation.ts';
import { pictureSide, sizeParam } from './picture-side.ts';
import { squareOf, tiledPixels } from './tiled-pixels.ts';

/** What a photograph is shown as: the whole and two halves. */
const commonViews = 3;

export const panAndScan = defineNode({
  type: 'vision/pan-and-scan',
  version: 1,
  family: 'vision',
  title: 'Pan and scan',
  about:
    'An encoder of square pictures sees a long one squashed, its letters narrow and its faces thin. Pan and scan gives the ' +
    'squashed whole and then a few nearly square crops along the longer side, each with its proportions kept. A picture ' +
    'that is nearly square stays a single view, so most pictures cost nothing more.',
  references: [{ title: 'Gemma 3 Technical Report', url: 'https://arxiv.org/abs/2503.19786' }],
  params: {
    mostCrops: {
      kind: 'integer',
      label: 'Crops, most',
      help: 'No picture is cut into more.',
      default: 4,
      min: 1,
      max: 64,
    },
    leastCrop: {
      kind: 'integer',
      label: 'Crop, least',
      help: 'Pixels of the picture along a side of a crop; a picture too small for such crops is shown as a whole.',
      default: 256,
      min: 1,
      max: 65_535,
      unit: 'px',
    },
    leastRatio: {
      kind: 'number',
      label: 'Ratio, least',
      help: 'Longer over shorter side from which a picture is cut.',
      default: 1.2,
      min: 1,
      max: 1000,
    },
    normalisation: { ...normalisationParam, default: 'half' },
    size: { ...sizeParam, help: 'Side of a crop as it goes out, and of the whole.' },
  },
  inputs: { image: { kind: 'image', title: 'Image', several: true } },
  outputs: { pixels: { kind: 'pixels', title: 'Pixels' } },
  fromConfig(files) {
    const read = readImageProcessor(files);
    if (!read.ok) return read;
    const { processor, type, name, file, normalisation } = read.value;
    if (name !== 'Gemma3')
      return foreign(`${file} describes no pan and scan; its processor is "${type}".`);
    if (processor.do_pan_and_scan === false)
      return foreign(`${file} leaves pan and scan off; take it with Preprocess.`);
    const lacking = lackingIn(processor, 'bilinear');
    if (lacking !== null) return unsupported(lacking);
    const side = squareSide(processor.size ?? 224);
    if (side === null) return unsupported('Crops that are no squares');
    const mostCrops = processor.pan_and_scan_max_num_crops ?? 4;
    return ok({
      params: {
        mostCrops,
        leastCrop: processor.pan_and_scan_min_crop_size ?? 256,
        leastRatio: processor.pan_and_scan_min_ratio_to_activate ?? 1.2,
        normalisation,
        size: side,
      },
      took: [type, `up to ${mostCrops} crops`, `${side} px`],
      file,
    });
  },
  infer({ id, params: { mostCrops, size }, inputs, demands }) {
    const side = pictureSide('Pan and scan', id, size, demands.pixels);
    if (!side.ok) return side;
    const views = { expected: commonViews, most: 1 + mostCrops };
    const pixels = tiledPixels(inputs.image, squareOf(side.value), views);
    return pixels.ok ? ok({ outputs: { pixels: pixels.value } }) : pixels;
  },
  summary: ({ mostCrops, normalisation }) => `up to ${mostCrops} crops · ${normalisation}`,
  shows: [{ kind: 'views', port: 'pixels' }],
  body: {
    kind: 'host',
    step: ({ params: { mostCrops, leastCrop, leastRatio, normalisation }, outputs }) => ({
      kind: 'tile',
      recipe: {
        scheme: 'pan',
        mostCrops,
        leastCrop,
        leastRatio,
        side: outputs.pixels.height,
        filter: 'bilinear',
        ...normalisations[normalisation],
      },
    }),
  },
});
