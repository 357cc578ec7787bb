/** Folds square groups of neighbouring tokens into the channels of one. */
import { z } from 'zod';
import { ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { knownCount, sameViews } from '#engine/node/wire.ts';
import { dropPrefix } from '#engine/onnx/blocks/feature-map.ts';
import { foldGroups } from '#engine/onnx/blocks/fold-groups.ts';
import {
  configFile,
  foreign,
  modelTypeOf,
  readFigures,
  unsupported,
} from '../config/published-config.ts';
import { groupedGrid } from '../tokens/grid.ts';

/** How published models say by how much they shuffle, and what they mean by saying nothing. */
const published: Readonly<Record<string, { title: string; key: string; standard: number }>> = {
  internvl: { title: 'InternVL', key: 'downsample_ratio', standard: 0.5 },
  idefics3: { title: 'Idefics3', key: 'scale_factor', standard: 2 },
  smolvlm: { title: 'SmolVLM', key: 'scale_factor', standard: 4 },
  lfm2_vl: { title: 'LFM2-VL', key: 'downsample_factor', standard: 2 },
};

export const pixelShuffle = defineNode({
  type: 'compression/pixel-shuffle',
  version: 1,
  family: 'compression',
  title: 'Pixel shuffle',
  about:
    'Lays the channels of each s × s group of neighbouring tokens side by side in one wide token (space to depth). ' +
    's² times fewer tokens and nothing thrown away: the projector that follows decides what to keep. ' +
    'Within a group the order is row by row, in InternVL as in Idefics3 and SmolVLM.',
  references: [
    { title: 'InternVL 1.5', url: 'https://arxiv.org/abs/2404.16821' },
    {
      title: 'Building and better understanding vision-language models (Idefics3)',
      url: 'https://arxiv.org/abs/2408.12637',
    },
  ],
  params: {
    factor: {
      kind: 'integer',
      label: 'Factor',
      help: 'Tokens along one side of a group.',
      default: 2,
      min: 1,
      max: 16,
    },
  },
  inputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  outputs: { tokens: { kind: 'tokens', title: 'Wide tokens' } },
  fromConfig(files) {
    const config = configFile(files, 'config.json');
    if (!config.ok) return config;
    const type = modelTypeOf(config.value);
    const row = Object.hasOwn(published, type) ? published[type] : undefined;
    if (!row) return foreign(`config.json describes no pixel shuffle; "${type}" has none.`);
    const figures = readFigures(
      z.object({ [row.key]: z.number().default(row.standard) }),
      config.value,
      'config.json',
    );
    if (!figures.ok) return figures;
    const said = figures.value[row.key] ?? row.standard;
    // A ratio below one tells how much of a side is left.
    const factor = said < 1 ? 1 / said : said;
    if (!Number.isInteger(factor)) return unsupported(`Shuffling by ${row.key} ${said}`);
    const took = [`${row.title}'s shuffle`, `groups of ${factor} × ${factor}`];
    return ok({ params: { factor }, took, file: 'config.json' });
  },
  demand: ({ params: { factor }, demands }) => {
    const channels = (demands.tokens?.channels ?? NaN) / factor ** 2;
    // A width that does not divide cannot be met: the consumer says so itself.
    return { tokens: { channels: Number.isInteger(channels) ? channels : undefined } };
  },
  infer({ params: { factor }, inputs }) {
    const tokens = inputs.tokens;
    const grouped = groupedGrid('Pixel shuffle', tokens, factor);
    if (!grouped.ok) return grouped;
    const { grid, groups } = grouped.value;
    return ok({
      outputs: {
        tokens: {
          kind: 'tokens',
          ...sameViews(tokens),
          count: knownCount(groups.rows * groups.columns),
          channels: tokens.channels * factor ** 2,
          prefixTokens: 0,
          grid: groups,
        },
      },
      found: { grid },
    });
  },
  summary: ({ factor }) => `${factor} × ${factor}`,
  body: {
    kind: 'onnx',
    emit(g, { tokens }, { params: { factor }, inputs, found: { grid } }) {
      const patches = dropPrefix(g, tokens, inputs.tokens.prefixTokens); // [B, N, D]
      return { tokens: foldGroups(g, patches, grid, factor) };
    },
  },
});
