/** Averages square groups of neighbouring tokens. */
import { z } from 'zod';
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { knownCount } from '#engine/node/wire.ts';
import { dropPrefix, mapToTokens, tokensToMap } from '#engine/onnx/blocks/feature-map.ts';
import { averagePool as pool } from '#engine/onnx/blocks/pooling.ts';
import {
  configFile,
  foreign,
  modelTypeOf,
  readFigures,
  unsupported,
} from '../config/published-config.ts';
import { gridOf } from '../tokens/grid.ts';

const gemmaSchema = z.object({
  vision_config: z
    .object({ image_size: z.int().default(896), patch_size: z.int().min(1).default(14) })
    .prefault({}),
  mm_tokens_per_image: z.int().min(1).default(256),
});

export const averagePool = defineNode({
  type: 'compression/average-pool',
  version: 1,
  family: 'compression',
  title: 'Average pooling',
  about:
    'Replaces each k × k group of neighbouring tokens by their mean. The simplest compression there is, and the one that ' +
    'every cleverer method has to beat: k² times fewer tokens, no weights, hardly any time.',
  references: [
    {
      title: 'Honeybee: Locality-enhanced Projector for Multimodal LLM',
      url: 'https://arxiv.org/abs/2312.06742',
    },
    { title: 'Gemma 3 Technical Report', url: 'https://arxiv.org/abs/2503.19786' },
  ],
  params: {
    kernel: {
      kind: 'integer',
      label: 'Group',
      help: 'Tokens along one side of a group; a rest that fills no group is dropped.',
      default: 2,
      min: 1,
      max: 64,
    },
  },
  inputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  outputs: { tokens: { kind: 'tokens', title: 'Pooled tokens' } },
  fromConfig(files) {
    const config = configFile(files, 'config.json');
    if (!config.ok) return config;
    const type = modelTypeOf(config.value);
    if (type !== 'gemma3')
      return foreign(`config.json describes no average pooling; "${type}" has none.`);
    const figures = readFigures(gemmaSchema, config.value, 'config.json');
    if (!figures.ok) return figures;
    const { vision_config: vision, mm_tokens_per_image: tokens } = figures.value;
    // As the reference rounds: what does not fill a group is dropped.
    const before = Math.floor(vision.image_size / vision.patch_size);
    const kernel = Math.floor(before / Math.floor(Math.sqrt(tokens)));
    if (kernel < 1) return unsupported(`Pooling ${before} × ${before} tokens to ${tokens}`);
    const took = ["Gemma 3's pooling", `groups of ${kernel} × ${kernel}`];
    return ok({ params: { kernel }, took, file: 'config.json' });
  },
  demand: ({ demands }) => ({ tokens: demands.tokens }),
  infer({ params: { kernel }, inputs }) {
    const tokens = inputs.tokens;
    const grid = gridOf('Average pooling', tokens);
    if (!grid.ok) return grid;
    const rows = Math.floor(grid.value.rows / kernel);
    const columns = Math.floor(grid.value.columns / kernel);
    if (rows === 0 || columns === 0) {
      const message = `A group of ${kernel} × ${kernel} does not fit the ${grid.value.rows} × ${grid.value.columns} grid; choose a smaller group.`;
      return fail(error('dimension-mismatch', message, { param: 'kernel' }));
    }
    return ok({
      outputs: {
        tokens: {
          ...tokens,
          count: knownCount(rows * columns),
          prefixTokens: 0,
          grid: { rows, columns },
        },
      },
      found: { grid: grid.value },
    });
  },
  summary: ({ kernel }) => `${kernel} × ${kernel}`,
  body: {
    kind: 'onnx',
    emit(g, { tokens }, { params: { kernel }, inputs, found: { grid } }) {
      const patches = dropPrefix(g, tokens, inputs.tokens.prefixTokens); // [B, N, D]
      const map = tokensToMap(g, patches, grid); // [B, D, rows, columns]
      return { tokens: mapToTokens(g, pool(g, map, { kernel })) };
    },
  },
});
