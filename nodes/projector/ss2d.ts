/** VMamba's SS2D on a grid of tokens: the scan that the VSS connector is made of, by itself. */
import { ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { knownCount } from '#engine/node/wire.ts';
import { dropPrefix } from '#engine/onnx/blocks/feature-map.ts';
import { visualScan } from '#engine/onnx/blocks/visual-scan.ts';
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { gridOf } from '../tokens/grid.ts';
import { visualScanParams, visualScanShape } from './params/visual-scan-params.ts';

const own = /^(in_proj|conv2d|x_proj_weight|dt_projs_|A_logs|Ds|out_norm|out_proj)/;

const layouts: readonly KeyLayout[] = [
  {
    title: 'scan alone',
    key: (name) => name.replace(/^ss2d\./, ''),
    owns: (key) => own.test(key),
  },
  { title: 'VSS connector', key: (name) => name, owns: (key) => key.startsWith('ss2d.') },
];

export const ss2d = defineNode({
  type: 'projector/ss2d',
  version: 1,
  family: 'projector',
  title: '2-D selective scan',
  about:
    'Mamba reads a sequence from front to back, but a picture has no front. This scan (SS2D of VMamba) reads the grid of ' +
    'tokens along several routes and adds up what they found, so that every token has heard of every other one, in ' +
    'time that grows with their number and not with its square. Tokens and channels stay as many as they are. A scan ' +
    'goes token by token and cannot be spread over cores as attention can.',
  references: [
    { title: 'VMamba: Visual State Space Model', url: 'https://arxiv.org/abs/2401.10166' },
  ],
  params: { ...visualScanParams, ...weightParams },
  inputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  outputs: { tokens: { kind: 'tokens', title: 'Scanned tokens' } },
  keyLayouts: () => layouts,
  demand: ({ demands }) => ({ tokens: { channels: demands.tokens?.channels } }),
  infer({ inputs: { tokens } }) {
    const grid = gridOf('The scan', tokens);
    if (!grid.ok) return grid;
    const count = knownCount(grid.value.rows * grid.value.columns);
    return ok({
      outputs: { tokens: { ...tokens, count, prefixTokens: 0 } },
      found: { grid: grid.value },
    });
  },
  summary: ({ routes, stateSize }) => `${routes} · state ${stateSize}`,
  body: {
    kind: 'onnx',
    emit(g, { tokens }, { params, inputs, found: { grid } }) {
      const patches = dropPrefix(g, tokens, inputs.tokens.prefixTokens); // [views, N, D]
      const shape = visualScanShape(inputs.tokens.channels, params);
      return { tokens: visualScan(g, patches, grid, 'ss2d', shape) };
    },
  },
});
