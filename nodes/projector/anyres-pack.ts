/** LLaVA-NeXT's packing: the tokens of a picture's tiles, put together again to one run for the language model. */
import { z } from 'zod';
import { ok } from '#engine/contract/outcome.ts';
import { oneViewAnItem, viewsOfOneItem } from '#engine/node/item-views.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import {
  estimatedCount,
  knownCount,
  type Grid,
  type TokenCount,
  type WireOf,
} from '#engine/node/wire.ts';
import type { View } from '#engine/node/view.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { cast, divide, matmul } from '#engine/onnx/operators.ts';
import {
  concatenate,
  gather,
  reshape,
  transpose,
  unsqueeze,
} from '#engine/onnx/shape-operators.ts';
import { fixedDim, multiplyDims, type Dim, type Value } from '#engine/onnx/value.ts';
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { gridOf } from '../tokens/grid.ts';
import {
  configFile,
  foreign,
  modelTypeOf,
  readFigures,
  unsupported,
} from '../config/published-config.ts';
import { packedPlaces } from './layers/packed-places.ts';
import { shrunkPlaces, tolerance } from './layers/shrunk-places.ts';

const params = {
  packing: {
    kind: 'choice',
    label: 'Packing',
    help: 'How the tokens of the tiles follow one another.',
    default: 'unpadded',
    options: [
      {
        value: 'unpadded',
        label: 'Rows without padding',
        about: "Tiles joined to one map, cut to the picture's shape, a newline after each row.",
      },
      { value: 'joined', label: 'Rows', about: 'Tiles joined to one map, read row by row.' },
      { value: 'tile-by-tile', label: 'Tile by tile', about: 'All of a tile, then the next.' },
    ],
  },
  mostTiles: {
    kind: 'optional-integer',
    label: 'Budget',
    help: 'A map of more tokens than so many tiles have is shrunk to about as many, as LLaVA-OneVision does.',
    default: null,
    min: 1,
    max: 144,
    unit: 'tiles',
    whenEmpty: 'no limit',
    shownWhen: { param: 'packing', is: ['unpadded'] },
  },
  ...weightParams,
} as const;

const named = (title: string, prefix: string): KeyLayout => ({
  title,
  key: (name) => prefix + name,
  owns: (key) => key === `${prefix}image_newline`,
});

const keyLayouts: readonly KeyLayout[] = [
  named('LLaVA-NeXT, Hugging Face', ''),
  named('LLaVA-NeXT, since version 5, or original', 'model.'),
];

const aspectSchema = z.object({ vision_aspect_ratio: z.string().default('anyres_max_9') });

export const anyresPack = defineNode({
  type: 'projector/anyres-pack',
  version: 1,
  family: 'projector',
  title: 'Pack tiles',
  about:
    'Brings the tokens of the whole picture and of its tiles into the order in which the language model was taught to read ' +
    'them: the whole first, then the tiles joined to one large map, without what padding shows, and a learned newline ' +
    'after every row, which tells how wide the picture is. Frames of a clip follow one another, with one newline at the end.',
  references: [
    {
      title: 'LLaVA-NeXT: Improved reasoning, OCR, and world knowledge',
      url: 'https://llava-vl.github.io/blog/2024-01-30-llava-next/',
    },
    {
      title: 'LLaVA-OneVision: Easy Visual Task Transfer',
      url: 'https://arxiv.org/abs/2408.03326',
    },
  ],
  params,
  inputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  outputs: { tokens: { kind: 'tokens', title: 'Packed tokens' } },
  fromConfig(files) {
    const config = configFile(files, 'config.json');
    if (!config.ok) return config;
    const type = modelTypeOf(config.value);
    const packing = { packing: 'unpadded', mostTiles: null } as const;
    if (type === 'llava_next')
      return ok({ params: packing, took: ["LLaVA-NeXT's packing"], file: 'config.json' });
    if (type !== 'llava_onevision')
      return foreign(`config.json describes no packing of tiles; "${type}" has none.`);
    const figures = readFigures(aspectSchema, config.value, 'config.json');
    if (!figures.ok) return figures;
    const { vision_aspect_ratio: aspect } = figures.value;
    const mostTiles = Number(/^anyres_max_(\d{1,3})$/.exec(aspect)?.[1] ?? NaN);
    if (Number.isNaN(mostTiles)) return unsupported(`The aspect ratio "${aspect}"`);
    const took = ["LLaVA-OneVision's packing", `a budget of ${mostTiles} tiles`];
    return ok({ params: { ...packing, mostTiles }, took, file: 'config.json' });
  },
  keyLayouts: () => keyLayouts,
  demand: ({ demands }) => ({ tokens: demands.tokens }),
  infer({ params: values, inputs: { tokens } }) {
    const grid = gridOf('Packing', tokens);
    if (!grid.ok) return grid;
    const { views: _, ...rest } = tokens;
    const views = oneViewAnItem(tokens);
    const count = packedCount(values, tokens, grid.value);
    return ok({
      outputs: { tokens: { ...rest, ...views, count, prefixTokens: 0, grid: null } },
      found: grid.value,
    });
  },
  summary: ({ packing }) =>
    params.packing.options.find(({ value }) => value === packing)?.label ?? packing,
  body: {
    kind: 'onnx',
    runsBy: 'item',
    facts({ params: values, inputs: { tokens }, found: grid }) {
      const own = { prefixTokens: tokens.prefixTokens, grid };
      const budget = budgetOf(values);
      if (budget === null)
        return {
          places: { size: 'packed', of: (views) => packedPlaces(values.packing, views, own) },
        };
      const mixed = (views: readonly View[]) => shrunkPlaces(views, own, budget);
      return {
        places: { size: multiplyDims(4, 'packed'), of: (views) => mixed(views).places },
        weights: { size: multiplyDims(4, 'packed'), of: (views) => mixed(views).weights },
        sum: { size: 1, of: (views) => [mixed(views).sum] },
      };
    },
    dims: ({ inputs, outputs }) => ({
      packed: outputs.tokens.count.tokens,
      rows: viewsOfOneItem(inputs.tokens).expected * inputs.tokens.count.tokens + 1,
    }),
    emit(g, { tokens }, { inputs, params: values }, { places, weights, sum }) {
      const { channels } = inputs.tokens;
      const count = multiplyDims(tokens.shape[0] as Dim, tokens.shape[1] as Dim);
      const rows = reshape(g, tokens, [count, channels]); // [views · N, D]
      if (values.packing !== 'unpadded')
        return { tokens: unsqueeze(g, gather(g, rows, places as Value, 0), 0) };
      const newline = g.weight({
        kind: 'reshape',
        of: g.tensor('image_newline', [channels], 'embedding'),
        shape: [1, channels],
      });
      const all = concatenate(g, [rows, newline], 0, 'rows'); // [views · N + 1, D]
      const taken = gather(g, all, places as Value, 0); // [packed, D], or four rows a token
      if (!weights || !sum) return { tokens: unsqueeze(g, taken, 0) }; // [1, packed, D]
      return { tokens: mixFours(g, taken, { weights, sum }) };
    },
  },
});

/** [4 · packed, D], weights [4 · packed] and what four of them add up to → [1, packed, D] */
function mixFours(
  g: GraphBuilder,
  rows: Value,
  { weights, sum }: { readonly weights: Value; readonly sum: Value },
): Value {
  const shares = divide(g, cast(g, weights, 'float32'), cast(g, sum, 'float32'));
  const byToken = reshape(g, shares, ['packed', 1, 4]);
  const fours = reshape(g, rows, ['packed', 4, fixedDim(rows, 1)]);
  return transpose(g, matmul(g, byToken, fours), 1, 0, 2);
}

type PackParams = ParamValues<typeof params>;

/** Only a map that is read without its padding is shrunk. */
const budgetOf = ({ packing, mostTiles }: PackParams): number | null =>
  packing === 'unpadded' ? mostTiles : null;

/** A newline goes behind each row of the joined map; how many rows there are the picture decides. */
function packedCount(values: PackParams, tokens: WireOf<'tokens'>, grid: Grid): TokenCount {
  const perView = grid.rows * grid.columns;
  const budget = (budgetOf(values) ?? Infinity) * tolerance ** 2;
  const newlines = (tiles: number, rows: number): number => {
    if (values.packing !== 'unpadded') return 0;
    return tiles === 0 ? 1 : Math.ceil(rows * grid.rows * Math.sqrt(Math.min(1, budget / tiles)));
  };
  const { expected, most } = viewsOfOneItem(tokens);
  const known = tokens.views?.known !== false;
  const packed = (count: number, rows: number): number =>
    Math.round((1 + Math.min(count - 1, budget)) * perView + newlines(count - 1, rows));
  if (tokens.views?.media === 'video') {
    const frames = (count: number): number => count * perView + newlines(0, 0);
    return known && expected === most
      ? knownCount(frames(expected))
      : estimatedCount(frames(expected), frames(most));
  }
  if (known && expected === 1) return knownCount(packed(1, 0));
  // The common grid is as high as it is wide, the one with the most rows a single column.
  return estimatedCount(
    packed(expected, Math.round(Math.sqrt(expected - 1))),
    packed(most, most - 1),
  );
}
