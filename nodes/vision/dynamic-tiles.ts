/** InternVL's dynamic resolution: a picture stretched over the grid of tiles that comes nearest to its proportions. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { foreign, unsupported } from '../config/published-config.ts';
import { lackingIn, readImageProcessor, squareSide } from './image-processor.ts';
import { normalisationParam, normalisations } from './normalisation.ts';
import { pictureSide, sizeParam } from './picture-side.ts';
import { gridsOfTiles } from './tile-grids.ts';
import { squareOf, tiledPixels } from './tiled-pixels.ts';

/** What a photograph of 3 × 2 is cut into: three columns, two rows, and the whole. */
const commonViews = 7;

export const dynamicTiles = defineNode({
  type: 'vision/dynamic-tiles',
  version: 1,
  family: 'vision',
  title: 'Dynamic tiles',
  about:
    'Stretches a picture over the grid of tiles whose proportions come nearest to its own, cuts it into these, and gives the ' +
    'whole picture behind them. Unlike AnyRes there is no padding, and any grid up to a number of tiles will do. Each tile ' +
    'is encoded by itself, so the cost grows with their number.',
  references: [
    {
      title: 'How Far Are We to GPT-4V? (InternVL 1.5)',
      url: 'https://arxiv.org/abs/2404.16821',
    },
  ],
  params: {
    leastTiles: {
      kind: 'integer',
      label: 'Tiles, least',
      help: 'Grids of fewer tiles are not taken.',
      default: 1,
      min: 1,
      max: 144,
    },
    mostTiles: {
      kind: 'integer',
      label: 'Tiles, most',
      help: 'Grids of more tiles are not taken; the whole picture is not counted.',
      default: 12,
      min: 1,
      max: 144,
    },
    normalisation: { ...normalisationParam, default: 'imagenet' },
    size: { ...sizeParam, help: 'Side of a tile, and of the whole.' },
  },
  inputs: { image: { kind: 'image', title: 'Image', several: true } },
  outputs: { pixels: { kind: 'pixels', title: 'Pixels' } },
  fromConfig(files) {
    const read = readImageProcessor(files);
    if (!read.ok) return read;
    const { processor, type, name, file, normalisation } = read.value;
    if (name !== 'GotOcr2')
      return foreign(`${file} describes no dynamic tiles; its processor is "${type}".`);
    const lacking = lackingIn(processor, 'bicubic');
    if (lacking !== null) return unsupported(lacking);
    const { size = 384, min_patches: leastTiles = 1, max_patches: mostTiles = 12 } = processor;
    const side = squareSide(size);
    if (side === null) return unsupported('Tiles that are no squares');
    return ok({
      params: { leastTiles, mostTiles, normalisation, size: side },
      took: [type, `${leastTiles} to ${mostTiles} tiles`, `${side} px`],
      file,
    });
  },
  infer({ id, params, inputs, demands }) {
    const { leastTiles, mostTiles } = params;
    const side = pictureSide('The tiling', id, params.size, demands.pixels);
    if (!side.ok) return side;
    if (leastTiles > mostTiles) {
      const message = `No grid has ${leastTiles} tiles or more and ${mostTiles} or fewer; set the least to ${mostTiles} or fewer.`;
      return fail(error('param-invalid', message, { param: 'leastTiles' }));
    }
    const most = mostTiles === 1 ? 1 : mostTiles + 1;
    const pixels = tiledPixels(inputs.image, squareOf(side.value), { expected: commonViews, most });
    return pixels.ok
      ? ok({ outputs: { pixels: pixels.value }, found: gridsOfTiles(leastTiles, mostTiles) })
      : pixels;
  },
  summary: ({ leastTiles, mostTiles, normalisation }) =>
    `${leastTiles} to ${mostTiles} tiles · ${normalisation}`,
  shows: [{ kind: 'views', port: 'pixels' }],
  body: {
    kind: 'host',
    step: ({ params, found, outputs }) => ({
      kind: 'tile',
      recipe: {
        scheme: 'stretch',
        grids: found,
        side: outputs.pixels.height,
        filter: 'bicubic',
        ...normalisations[params.normalisation],
      },
    }),
  },
});
