/** Idefics3's splitting: the longest edge to a length, then tiles row by row, and the whole behind them. */
import { ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { foreign, unsupported } from '../config/published-config.ts';
import { lackingIn, readImageProcessor } from './image-processor.ts';
import { normalisationParam, normalisations } from './normalisation.ts';
import { pictureSide, sizeParam } from './picture-side.ts';
import { mostSplitTiles } from './split-sizes.ts';
import { squareOf, tiledPixels } from './tiled-pixels.ts';

/** By the name of the processor: the longest edge and the side of a tile where the file does not say. */
const processors: Readonly<Record<string, { readonly longest: number; readonly side: number }>> = {
  Idefics3: { longest: 1456, side: 364 },
  SmolVLM: { longest: 2048, side: 512 },
};

/** Of a photograph of 4 × 3 with four tiles along its longest edge. */
const commonShare = 3 / 4;

export const splitTiles = defineNode({
  type: 'vision/split-tiles',
  version: 1,
  family: 'vision',
  title: 'Split picture',
  about:
    'Brings the longest edge of every picture to one length, large or small as it is, both sides up to whole tiles, and gives ' +
    'the tiles row by row and then the whole picture at the size of one. Small pictures are enlarged so that the encoder ' +
    'always sees detail at the same scale; that costs as many tiles for a stamp as for a poster.',
  references: [
    {
      title: 'Building and better understanding vision-language models (Idefics3)',
      url: 'https://arxiv.org/abs/2408.12637',
    },
    { title: 'SmolVLM', url: 'https://arxiv.org/abs/2504.05299' },
  ],
  params: {
    splits: {
      kind: 'flag',
      label: 'Split',
      help: 'Without it only the whole is given, squashed to a square.',
      default: true,
    },
    longestEdge: {
      kind: 'integer',
      label: 'Longest edge',
      help: 'Length that the longest edge of every picture is resized to.',
      default: 1456,
      min: 8,
      max: 4096,
      unit: 'px',
    },
    normalisation: { ...normalisationParam, default: 'half' },
    size: { ...sizeParam, help: 'Side of a tile, and of the whole.' },
  },
  inputs: { image: { kind: 'image', title: 'Image', several: true } },
  outputs: { pixels: { kind: 'pixels', title: 'Pixels' } },
  fromConfig(files) {
    const read = readImageProcessor(files);
    if (!read.ok) return read;
    const { processor, type, name, file, normalisation } = read.value;
    const standard = Object.hasOwn(processors, name) ? processors[name] : undefined;
    if (!standard) return foreign(`${file} describes no splitting; its processor is "${type}".`);
    const lacking = lackingIn(processor, 'lanczos');
    if (lacking !== null) return unsupported(lacking);
    const { size, max_image_size: tile, do_image_splitting: splits = true } = processor;
    const longestEdge = typeof size === 'object' ? size.longest_edge : size;
    const side = tile?.longest_edge ?? standard.side;
    const params = {
      splits,
      longestEdge: longestEdge ?? standard.longest,
      normalisation,
      size: side,
    };
    return ok({ params, took: [type, splits ? 'split' : 'whole', `${side} px`], file });
  },
  infer({ id, params: { splits, longestEdge, size }, inputs, demands }) {
    const side = pictureSide('The splitting', id, size, demands.pixels);
    if (!side.ok) return side;
    const tiles = splits ? mostSplitTiles(longestEdge, side.value) : 1;
    const most = tiles === 1 ? 1 : tiles + 1;
    const expected = Math.ceil(tiles * commonShare) + 1;
    const pixels = tiledPixels(inputs.image, squareOf(side.value), { expected, most });
    return pixels.ok ? ok({ outputs: { pixels: pixels.value } }) : pixels;
  },
  summary: ({ splits, longestEdge, normalisation }) =>
    `${splits ? 'split' : 'whole'} · ${longestEdge} px · ${normalisation}`,
  shows: [{ kind: 'views', port: 'pixels' }],
  body: {
    kind: 'host',
    step: ({ params: { splits, longestEdge, normalisation }, outputs }) => ({
      kind: 'tile',
      recipe: {
        scheme: 'split',
        splits,
        longestEdge,
        side: outputs.pixels.height,
        filter: 'lanczos',
        ...normalisations[normalisation],
      },
    }),
  },
});
