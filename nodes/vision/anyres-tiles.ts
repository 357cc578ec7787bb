/** LLaVA-NeXT's AnyRes: a large picture as several tiles, beside the whole at the size of one. */
import { ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { anyresFromConfig } from './anyres-config.ts';
import { normalisationParam, normalisations } from './normalisation.ts';
import { pictureSide, sizeParam } from './picture-side.ts';
import { readGrids } from './tile-grids.ts';
import { squareOf, tiledPixels } from './tiled-pixels.ts';

/** What a photograph of common size is cut into: two rows, two columns, and the whole. */
const commonViews = 5;

export const anyresTiles = defineNode({
  type: 'vision/anyres-tiles',
  version: 1,
  family: 'vision',
  title: 'AnyRes tiles',
  about:
    'Small print is lost when a large picture is squeezed into the few pixels that an encoder sees. AnyRes fits the picture ' +
    "into the best of some grids, cuts it into tiles of the encoder's size, and gives these beside the whole picture, " +
    'each to be encoded by itself. How many tiles there are depends on the size and shape of the picture.',
  references: [
    {
      title: 'LLaVA-NeXT: Improved reasoning, OCR, and world knowledge',
      url: 'https://llava-vl.github.io/blog/2024-01-30-llava-next/',
    },
  ],
  params: {
    grids: {
      kind: 'text',
      label: 'Grids',
      help: 'Rows × columns of tiles, one of which each picture is fitted into.',
      default: '1×2, 2×1, 2×2, 3×1, 1×3',
      maxCharacters: 1000,
      lines: 2,
    },
    normalisation: normalisationParam,
    size: { ...sizeParam, help: 'Side of a tile, and of the whole.' },
  },
  inputs: { image: { kind: 'image', title: 'Image', several: true } },
  outputs: { pixels: { kind: 'pixels', title: 'Pixels' } },
  fromConfig: (files) => anyresFromConfig(files),
  infer({ id, params, inputs, demands }) {
    const side = pictureSide('The tiling', id, params.size, demands.pixels);
    if (!side.ok) return side;
    const grids = readGrids(params.grids);
    if (!grids.ok) return grids;
    const most = 1 + Math.max(...grids.value.map(({ rows, columns }) => rows * columns));
    const pixels = tiledPixels(inputs.image, squareOf(side.value), { expected: commonViews, most });
    return pixels.ok ? ok({ outputs: { pixels: pixels.value }, found: grids.value }) : pixels;
  },
  summary: ({ grids, normalisation }) => {
    const count = grids.split(',').length;
    return `${count === 1 ? '1 grid' : `${count} grids`} · ${normalisation}`;
  },
  shows: [{ kind: 'views', port: 'pixels' }],
  body: {
    kind: 'host',
    step: ({ params, found, outputs }) => ({
      kind: 'tile',
      recipe: {
        scheme: 'fit',
        grids: found,
        filter: 'bicubic',
        side: outputs.pixels.height,
        ...normalisations[params.normalisation],
      },
    }),
  },
});
