/** LLaVA-OneVision's pooling of frames: the map of tokens shrunk as a picture would be. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { knownCount } from '#engine/node/wire.ts';
import { dropPrefix, mapToTokens, tokensToMap } from '#engine/onnx/blocks/feature-map.ts';
import { resizeMap } from '#engine/onnx/blocks/resize.ts';
import { configFile, foreign, modelTypeOf } from '../config/published-config.ts';
import { gridOf } from '../tokens/grid.ts';

export const bilinearPool = defineNode({
  type: 'compression/bilinear-pool',
  version: 1,
  family: 'compression',
  title: 'Bilinear pooling',
  about:
    'Shrinks the map of tokens as a picture is shrunk: each new token is mixed from the four that lie nearest to its place. ' +
    'Unlike means of groups it takes every grid, also one that does not divide: 27 × 27 tokens become 14 × 14. ' +
    'LLaVA-OneVision does so to each frame of a clip; there are no weights, and it takes hardly any time.',
  references: [
    {
      title: 'LLaVA-OneVision: Easy Visual Task Transfer',
      url: 'https://arxiv.org/abs/2408.03326',
    },
  ],
  params: {
    factor: {
      kind: 'integer',
      label: 'Factor',
      help: 'How many times shorter each side of the grid becomes; parts of a token count as whole.',
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
    if (type !== 'llava_onevision')
      return foreign(`config.json describes no bilinear pooling; "${type}" has none.`);
    const took = ["LLaVA-OneVision's pooling of frames"];
    return ok({ params: { factor: 2 }, took, file: 'config.json' });
  },
  demand: ({ demands }) => ({ tokens: demands.tokens }),
  infer({ params: { factor }, inputs }) {
    const tokens = inputs.tokens;
    const found = gridOf('Bilinear pooling', tokens);
    if (!found.ok) return found;
    const grid = found.value;
    if (factor > Math.max(grid.rows, grid.columns)) {
      const message = `A ${grid.rows} × ${grid.columns} grid cannot become ${factor} times shorter; choose a factor of ${Math.max(grid.rows, grid.columns)} or less.`;
      return fail(error('dimension-mismatch', message, { param: 'factor' }));
    }
    const pooled = {
      rows: Math.ceil(grid.rows / factor),
      columns: Math.ceil(grid.columns / factor),
    };
    return ok({
      outputs: {
        tokens: {
          ...tokens,
          count: knownCount(pooled.rows * pooled.columns),
          prefixTokens: 0,
          grid: pooled,
        },
      },
      found: { grid, pooled },
    });
  },
  summary: ({ factor }) => `1 of ${factor} × ${factor}`,
  body: {
    kind: 'onnx',
    emit(g, { tokens }, { inputs, found: { grid, pooled } }) {
      const patches = dropPrefix(g, tokens, inputs.tokens.prefixTokens); // [B, N, D]
      const map = tokensToMap(g, patches, grid); // [B, D, rows, columns]
      return { tokens: mapToTokens(g, resizeMap(g, map, pooled, { kernel: 'bilinear' })) };
    },
  },
});
