/** Mini-Gemini's way to the detail of each tile: one map of the whole picture, cut as the picture was cut. */
import { z } from 'zod';
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { severalViewsEach } from '#engine/node/item-views.ts';
import { knownCount } from '#engine/node/wire.ts';
import { dropPrefix, mapToTokens, tokensToMap } from '#engine/onnx/blocks/feature-map.ts';
import { cutTiles } from '#engine/onnx/blocks/map-tiles.ts';
import { resizeMap } from '#engine/onnx/blocks/resize.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { concatenate, reshape, unsqueeze } from '#engine/onnx/shape-operators.ts';
import { fixedDim, multiplyDims, type Dim, type Value } from '#engine/onnx/value.ts';
import { gridOf } from '../tokens/grid.ts';
import { configFile, foreign, readFigures } from '../config/published-config.ts';

const schema = z.object({
  mm_hidden_size_aux: z.int().optional(),
  image_grid: z.int().optional(),
  image_global: z.boolean().optional(),
});

export const mapTiles = defineNode({
  type: 'fusion/map-tiles',
  version: 1,
  family: 'fusion',
  title: 'Cut map into tiles',
  about:
    'Cuts the tokens of a large picture into tiles, so that each belongs to a tile of the same picture that another ' +
    'encoder has seen by itself; the whole, made small again, comes first where it is wanted. Nothing is computed anew: ' +
    'the large picture goes through its encoder once.',
  references: [
    {
      title: 'Mini-Gemini: Mining the Potential of Multi-modality Vision Language Models',
      url: 'https://arxiv.org/abs/2403.18814',
    },
  ],
  params: {
    side: {
      kind: 'integer',
      label: 'Tiles a side',
      help: 'Tiles along each side of the picture; Mini-Gemini HD has 2.',
      default: 2,
      min: 1,
      max: 16,
    },
    whole: {
      kind: 'flag',
      label: 'Whole first',
      help: 'Before the tiles the whole map at the size of one of them, as tiles of the picture come.',
      default: true,
    },
  },
  inputs: { tokens: { kind: 'tokens', title: 'Tokens of the large picture' } },
  outputs: { tokens: { kind: 'tokens', title: 'Tokens of the tiles' } },
  demand: ({ demands }) => ({ tokens: demands.tokens }),
  fromConfig(files) {
    const file = configFile(files, 'config.json');
    if (!file.ok) return file;
    const config = readFigures(schema, file.value, 'config.json');
    if (!config.ok) return config;
    const { mm_hidden_size_aux, image_grid: side = 1, image_global: whole = false } = config.value;
    if (mm_hidden_size_aux === undefined)
      return foreign('config.json describes no second encoder whose map could be cut.');
    return ok({
      params: { side, whole },
      took: [`Mini-Gemini's ${side} × ${side} tiles`],
      file: 'config.json',
    });
  },
  infer({ params: { side, whole }, inputs: { tokens } }) {
    const grid = gridOf('Cutting a map', tokens);
    if (!grid.ok) return grid;
    const { rows, columns } = grid.value;
    if (rows % side !== 0 || columns % side !== 0) {
      const message = `A ${rows} × ${columns} grid does not divide into ${side} × ${side} tiles; choose a number of tiles that divides both sides.`;
      return fail(error('dimension-mismatch', message, { param: 'side' }));
    }
    const tile = { rows: rows / side, columns: columns / side };
    return ok({
      outputs: {
        tokens: {
          ...tokens,
          views: severalViewsEach(tokens, side ** 2 + (whole ? 1 : 0)),
          count: knownCount(tile.rows * tile.columns),
          prefixTokens: 0,
          grid: tile,
        },
      },
      found: { grid: grid.value, tile },
    });
  },
  summary: ({ side, whole }) => `${side} × ${side} tiles${whole ? ' and the whole' : ''}`,
  body: {
    kind: 'onnx',
    // The tiles of one picture stay together.
    runsBy: 'item',
    emit(g, { tokens }, { params: { side, whole }, inputs, found: { grid, tile } }) {
      const patches = dropPrefix(g, tokens, inputs.tokens.prefixTokens); // [views, N, D]
      const map = tokensToMap(g, patches, grid); // [views, D, rows, columns]
      const tiles = cutTiles(g, map, side); // [views, side², D, rows / side, columns / side]
      const kept = whole ? withWhole(g, map, tiles) : tiles;
      const count = multiplyDims(fixedDim(kept, 1), kept.shape[0] as Dim);
      const all = reshape(g, kept, [count, fixedDim(kept, 2), tile.rows, tile.columns]);
      return { tokens: mapToTokens(g, all) };
    },
  },
});

/** Source: dvlab-research/MGM, mgm_arch.py: bilinear, without antialiasing. */
function withWhole(g: GraphBuilder, map: Value, tiles: Value): Value {
  const size = { rows: fixedDim(tiles, 3), columns: fixedDim(tiles, 4) };
  const small = unsqueeze(g, resizeMap(g, map, size, { kernel: 'bilinear' }), 1);
  return concatenate(g, [small, tiles], 1, fixedDim(tiles, 1) + 1);
}
