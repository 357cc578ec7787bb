/** Averages square groups of neighbouring tokens. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { knownCount } from '#engine/node/wire.ts';
import { dropPrefix, mapToTokens, tokensToMap } from '#engine/onnx/blocks/feature-map.ts';
import { averagePool as pool } from '#engine/onnx/blocks/pooling.ts';
import { gridOf } from './grid.ts';

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
