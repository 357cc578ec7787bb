/** LLaVA-NeXT's packing: the tokens of a picture's tiles, put together again to one run for the language model. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
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
import { concatenate, gather, reshape, unsqueeze } from '#engine/onnx/shape-operators.ts';
import { multiplyDims, type Dim, type Value } from '#engine/onnx/value.ts';
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { gridOf } from '../compression/grid.ts';
import { configFile, foreign, modelTypeOf } from '../config/published-config.ts';
import { packedPlaces } from './packed-places.ts';

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

export const anyresPack = defineNode({
  type: 'projector/anyres-pack',
  version: 1,
  family: 'projector',
  title: 'Pack tiles',
  about:
    'Brings the tokens of the whole picture and of its tiles into the order in which the language model was taught to read ' +
    'them: the whole first, then the tiles joined to one large map, without what padding shows, and a learned newline ' +
    'after every row, which tells how wide the picture is.',
  references: [
    {
      title: 'LLaVA-NeXT: Improved reasoning, OCR, and world knowledge',
      url: 'https://llava-vl.github.io/blog/2024-01-30-llava-next/',
    },
  ],
  params,
  inputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  outputs: { tokens: { kind: 'tokens', title: 'Packed tokens' } },
  fromConfig(files) {
    const config = configFile(files, 'config.json');
    if (!config.ok) return config;
    const type = modelTypeOf(config.value);
    if (type !== 'llava_next')
      return foreign(`config.json describes no packing of tiles; "${type}" has none.`);
    return ok({
      params: { packing: 'unpadded' },
      took: ["LLaVA-NeXT's packing"],
      file: 'config.json',
    });
  },
  keyLayouts: () => keyLayouts,
  demand: ({ demands }) => ({ tokens: demands.tokens }),
  infer({ params: { packing }, inputs: { tokens } }) {
    const grid = gridOf('Packing', tokens);
    if (!grid.ok) return grid;
    if (tokens.views?.media === 'video') {
      const message = 'Frames of a clip have no tiles to pack; wire them on without this node.';
      return fail(error('arrangement-unsupported', message, { port: 'tokens' }));
    }
    const { views: _, ...rest } = tokens;
    const views = oneViewAnItem(tokens);
    const count = packedCount(packing, tokens, grid.value);
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
    facts: ({ params: { packing }, inputs: { tokens }, found: grid }) => ({
      places: {
        size: 'packed',
        of: (views) => packedPlaces(packing, views, { prefixTokens: tokens.prefixTokens, grid }),
      },
    }),
    dims: ({ inputs, outputs }) => ({
      packed: outputs.tokens.count.tokens,
      rows: viewsOfOneItem(inputs.tokens).expected * inputs.tokens.count.tokens + 1,
    }),
    emit(g, { tokens }, { inputs, params: { packing } }, { places }) {
      const { channels } = inputs.tokens;
      const count = multiplyDims(tokens.shape[0] as Dim, tokens.shape[1] as Dim);
      const rows = reshape(g, tokens, [count, channels]); // [views · N, D]
      if (packing !== 'unpadded')
        return { tokens: unsqueeze(g, gather(g, rows, places as Value, 0), 0) };
      const newline = g.weight({
        kind: 'reshape',
        of: g.tensor('image_newline', [channels], 'embedding'),
        shape: [1, channels],
      });
      const all = concatenate(g, [rows, newline], 0, 'rows'); // [views · N + 1, D]
      return { tokens: unsqueeze(g, gather(g, all, places as Value, 0), 0) }; // [1, packed, D]
    },
  },
});

type Packing = ParamValues<typeof params>['packing'];

/** A newline goes behind each row of the joined map; how many rows there are the picture decides. */
function packedCount(packing: Packing, tokens: WireOf<'tokens'>, grid: Grid): TokenCount {
  const perView = grid.rows * grid.columns;
  const newlines = (tiles: number, rows: number): number => {
    if (packing !== 'unpadded') return 0;
    return tiles === 0 ? 1 : rows * grid.rows;
  };
  const { expected, most } = viewsOfOneItem(tokens);
  const packed = (count: number, rows: number): number =>
    Math.round(count * perView + newlines(count - 1, rows));
  if (tokens.views?.known !== false && expected === 1) return knownCount(packed(1, 0));
  // The common grid is as high as it is wide, the one with the most rows a single column.
  return estimatedCount(
    packed(expected, Math.round(Math.sqrt(expected - 1))),
    packed(most, most - 1),
  );
}
