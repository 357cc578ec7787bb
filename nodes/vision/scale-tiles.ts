/** S²: one picture at several scales, each cut into tiles of the size that an encoder sees. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error, type Problem } from '#engine/contract/problem.ts';
import { severalViewsEach } from '#engine/node/item-views.ts';
import { defineNode, type Demand } from '#engine/node/node-definition.ts';
import { itemsOf, viewsIn, type WireOf } from '#engine/node/wire.ts';
import { cutTiles } from '#engine/onnx/blocks/map-tiles.ts';
import { resizeMap } from '#engine/onnx/blocks/resize.ts';
import { concatenate, reshape } from '#engine/onnx/shape-operators.ts';
import { fixedDim, multiplyDims, type Dim } from '#engine/onnx/value.ts';
import { readScales, scalesFromConfig, scalesParam, tilesOfScales } from '../tokens/scales.ts';

export const scaleTiles = defineNode({
  type: 'vision/scale-tiles',
  version: 1,
  family: 'vision',
  title: 'Tiles at several scales',
  about:
    'Gives one picture at several sizes: the whole as small as the encoder sees, then twice and three times as large, cut ' +
    'into tiles that the encoder sees one by one. Joining the scales behind the encoder puts them together again, so that ' +
    'the language model reads no more tokens than of the whole alone. A small encoder that looks at three scales often does ' +
    'as well as a large one that looks once; it costs 14 passes through it instead of one. Monkey reads the tokens of four ' +
    'tiles and then those of the whole instead of joining them, scales 2 and 1.',
  references: [
    {
      title: 'When Do We Not Need Larger Vision Models? (S²)',
      url: 'https://arxiv.org/abs/2403.13043',
    },
    {
      title: 'Efficient Multimodal Learning from Data-centric Perspective',
      url: 'https://arxiv.org/abs/2402.11530',
    },
    {
      title:
        'Monkey: Image Resolution and Text Label Are Important Things for Large Multi-modal Models',
      url: 'https://arxiv.org/abs/2311.06607',
    },
  ],
  params: scalesParam,
  inputs: { pixels: { kind: 'pixels', title: 'Pixels of the largest scale' } },
  outputs: { pixels: { kind: 'pixels', title: 'Pixels of all tiles' } },
  fromConfig(files) {
    if (files['config.json']?.['model_type'] === 'monkey')
      return ok({ params: { scales: '2, 1' }, took: ["Monkey's windows"], file: 'config.json' });
    const found = scalesFromConfig(files);
    if (!found.ok) return found;
    const { scales, size } = found.value;
    return ok({
      params: { scales },
      took: [`${scales} tiles a side of ${size} px`],
      file: 'config.json',
    });
  },
  demand({ params, demands }) {
    const scales = readScales(params.scales);
    const side = sideAsked(demands.pixels);
    if (!scales.ok || side === undefined) return {};
    return { pixels: { pixels: side * largest(scales.value) } };
  },
  infer({ params, inputs: { pixels }, demands }) {
    const scales = readScales(params.scales);
    if (!scales.ok) return scales;
    const problem = pictureProblem(pixels);
    if (problem) return fail(problem);
    const side = tileSide(pixels, scales.value, demands.pixels);
    if (!side.ok) return side;
    const views = severalViewsEach(pixels, tilesOfScales(scales.value));
    const size = { height: side.value, width: side.value };
    return ok({
      outputs: { pixels: { kind: 'pixels', ...size, views } },
      found: { scales: scales.value, side: side.value },
    });
  },
  summary: ({ scales }) => `${scales} tiles a side`,
  body: {
    kind: 'onnx',
    // The tiles of one picture stay together.
    runsBy: 'item',
    emit(g, { pixels }, { found: { scales, side } }) {
      const tiles = scales.map((scale) => {
        const whole = { rows: scale * side, columns: scale * side };
        const isThere = fixedDim(pixels, 2) === whole.rows;
        const sized = isThere ? pixels : resizeMap(g, pixels, whole, { kernel: 'bicubic' });
        return cutTiles(g, sized, scale); // [views, scale², 3, side, side]
      });
      const count = tilesOfScales(scales);
      const all = concatenate(g, tiles, 1, count);
      const batch = multiplyDims(count, pixels.shape[0] as Dim);
      return { pixels: reshape(g, all, [batch, 3, side, side]) };
    },
  },
});

const largest = (scales: readonly number[]): number => Math.max(...scales);

const sideAsked = (demand: Demand | undefined): number | undefined =>
  demand?.pixels ?? demand?.usualPixels;

function pictureProblem(pixels: WireOf<'pixels'>): Problem | null {
  const { width, height, views } = pixels;
  if (width !== height) {
    const message = `Scales are cut from square pictures, these are ${width} × ${height}; let the preprocessing pad, crop or squash them.`;
    return error('arrangement-unsupported', message, { port: 'pixels' });
  }
  if (viewsIn(pixels) === itemsOf(views) && views?.media !== 'video') return null;
  const message =
    'Scales are cut from whole pictures, and these are tiles or frames; wire the picture through Preprocess alone.';
  return error('arrangement-unsupported', message, { port: 'pixels' });
}

/** What the encoder sees, or as the largest scale divides. */
function tileSide(
  { width }: WireOf<'pixels'>,
  scales: readonly number[],
  demand: Demand | undefined,
): Outcome<number> {
  const side = sideAsked(demand) ?? width / largest(scales);
  if (Number.isInteger(side)) return ok(side);
  const message = `${width} pixels do not divide into ${largest(scales)} tiles; wire the tiles to an encoder, or choose a size that divides.`;
  return fail(error('dimension-mismatch', message, { port: 'pixels' }));
}
