/** S²: what an encoder saw of a picture at several scales, stitched, made small again, and joined by channel. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { oneViewAnItem, viewsOfOneItem } from '#engine/node/item-views.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { knownCount } from '#engine/node/wire.ts';
import {
  joinPrefix,
  mapToTokens,
  splitPrefix,
  tokensToMap,
} from '#engine/onnx/blocks/feature-map.ts';
import { stitchTiles } from '#engine/onnx/blocks/map-tiles.ts';
import { adaptiveAveragePool } from '#engine/onnx/blocks/pooling.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { mean } from '#engine/onnx/operators.ts';
import { concatenate, reshape, split } from '#engine/onnx/shape-operators.ts';
import { fixedDim, type Value } from '#engine/onnx/value.ts';
import { gridOf } from '../tokens/grid.ts';
import { readScales, scalesFromConfig, scalesParam, tilesOfScales } from '../tokens/scales.ts';

export const scaleJoin = defineNode({
  type: 'fusion/scale-join',
  version: 1,
  family: 'fusion',
  title: 'Join scales',
  about:
    'Puts the tiles of each scale of a picture together to one large map of tokens, averages it down to the size of the ' +
    'smallest, and joins the scales by channel: each token then knows its place as seen from afar and from near. There are as ' +
    'many tokens as of the whole picture alone, of as many more channels as there are scales.',
  references: [
    {
      title: 'When Do We Not Need Larger Vision Models? (S²)',
      url: 'https://arxiv.org/abs/2403.13043',
    },
  ],
  params: scalesParam,
  inputs: { tokens: { kind: 'tokens', title: 'Tokens of all tiles' } },
  outputs: { tokens: { kind: 'tokens', title: 'Joined tokens' } },
  fromConfig(files) {
    const found = scalesFromConfig(files);
    if (!found.ok) return found;
    const { scales } = found.value;
    return ok({ params: { scales }, took: [`${scales} tiles a side`], file: 'config.json' });
  },
  infer({ params, inputs: { tokens } }) {
    const scales = readScales(params.scales);
    if (!scales.ok) return scales;
    const tile = gridOf('Joining scales', tokens);
    if (!tile.ok) return tile;
    const tiles = tilesOfScales(scales.value);
    const { expected, most } = viewsOfOneItem(tokens);
    if (expected !== tiles || most !== tiles) {
      const message = `Scales of ${params.scales} tiles a side make ${tiles} tiles of each picture, and ${expected} views come in; wire Tiles at several scales, with the same scales, before the encoder.`;
      return fail(error('dimension-mismatch', message, { port: 'tokens', param: 'scales' }));
    }
    const { views: _, ...rest } = tokens;
    const least = Math.min(...scales.value);
    const grid = { rows: least * tile.value.rows, columns: least * tile.value.columns };
    const count = knownCount(tokens.prefixTokens + grid.rows * grid.columns);
    const channels = tokens.channels * scales.value.length;
    const joined = { ...rest, ...oneViewAnItem(tokens), count, channels, grid };
    return ok({
      outputs: { tokens: joined },
      found: { scales: scales.value, tile: tile.value, grid },
    });
  },
  summary: ({ scales }) => `${scales} tiles a side`,
  body: {
    kind: 'onnx',
    runsBy: 'item',
    emit(g, { tokens }, { inputs, found: { scales, tile, grid } }) {
      const { prefix, patches } = splitPrefix(g, tokens, inputs.tokens.prefixTokens);
      const map = tokensToMap(g, patches, tile); // [tiles, D, rows, columns]
      const maps = ofScales(g, map, scales).map((tiles, place) =>
        adaptiveAveragePool(g, stitchTiles(g, tiles, scales[place] ?? 1), grid),
      );
      const joined = mapToTokens(g, acrossChannels(g, maps, 1)); // [1, N, scales · D]
      if (!prefix) return { tokens: joined };
      const means = ofScales(g, prefix, scales).map((tiles) => mean(g, tiles, 1, false));
      return { tokens: joinPrefix(g, acrossChannels(g, means, 2), joined) };
    },
  },
});

/** The tiles of each scale apart. [tiles, …] → [1, scale², …] each */
function ofScales(g: GraphBuilder, tiles: Value, scales: readonly number[]): readonly Value[] {
  const counts = scales.map((scale) => scale ** 2);
  const all = reshape(g, tiles, [1, tilesOfScales(scales), ...tiles.shape.slice(1)]);
  return split(g, all, 1, counts);
}

const acrossChannels = (g: GraphBuilder, scales: readonly Value[], axis: number): Value =>
  concatenate(
    g,
    scales,
    axis,
    scales.reduce((sum, scale) => sum + fixedDim(scale, axis), 0),
  );
