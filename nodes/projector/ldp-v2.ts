/** MobileVLM V2's projector: an MLP on the tokens, a pooled grid, positions by a convolution. */
import { ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { knownCount } from '#engine/node/wire.ts';
import { depthwiseConvolution, samePadding } from '#engine/onnx/blocks/convolution.ts';
import { dropPrefix, mapToTokens, tokensToMap } from '#engine/onnx/blocks/feature-map.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { adaptiveAveragePool } from '#engine/onnx/blocks/pooling.ts';
import { add, gelu } from '#engine/onnx/operators.ts';
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { gridOf } from '../tokens/grid.ts';
import { fromProjectorName } from './configs/mm-projector-config.ts';
import { projectorWidths, widthParams } from '../tokens/widths.ts';
import { prefixedLayout } from './names/prefixed-layout.ts';

const layouts: readonly KeyLayout[] = [
  prefixedLayout('projector alone', ''),
  prefixedLayout('MobileVLM', 'model.mm_projector.'),
];

export const ldpV2 = defineNode({
  type: 'projector/ldp-v2',
  version: 1,
  family: 'projector',
  title: 'LDPv2 projector',
  about:
    'The lightweight downsample projector of MobileVLM V2: two linear layers, the mean of neighbouring tokens, and a ' +
    'small convolution that tells each token where it lies. From 24 × 24 tokens it leaves a quarter to the language ' +
    'model, and what comes after its two matrices costs next to nothing.',
  references: [
    {
      title: 'MobileVLM V2: Faster and Stronger Baseline for Vision Language Model',
      url: 'https://arxiv.org/abs/2402.03766',
    },
  ],
  params: {
    ...widthParams,
    side: {
      kind: 'integer',
      label: 'Pooled side',
      help: 'Tokens along one side of the square grid that goes out, whatever grid comes in.',
      default: 12,
      min: 1,
      max: 64,
    },
    ...weightParams,
  },
  inputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  outputs: { tokens: { kind: 'tokens', title: 'Projected tokens' } },
  fromConfig: (files) =>
    fromProjectorName(files, {
      title: 'LDPv2',
      named: /^ldpnetv2/,
      params: () => ({ side: 12 }),
    }),
  keyLayouts: () => layouts,
  demand: ({ params }) => ({ tokens: { channels: params.inputWidth ?? undefined } }),
  infer({ id, params, inputs, demands }) {
    const { side } = params;
    const widths = projectorWidths(id, params, inputs.tokens, demands.tokens);
    if (!widths.ok) return widths;
    const grid = gridOf('The LDPv2 projector', inputs.tokens);
    if (!grid.ok) return grid;
    return ok({
      outputs: {
        tokens: {
          ...inputs.tokens,
          channels: widths.value.output,
          count: knownCount(side ** 2),
          prefixTokens: 0,
          grid: { rows: side, columns: side },
        },
      },
      found: { widths: widths.value, grid: grid.value },
    });
  },
  summary: ({ side }) => `to ${side} × ${side} tokens`,
  body: {
    kind: 'onnx',
    emit(g, { tokens }, { params: { side }, inputs, found: { widths, grid } }) {
      const patches = dropPrefix(g, tokens, inputs.tokens.prefixTokens); // [views, N, inputs]
      const wide = linear(g, patches, 'mlp.mlp.0', {
        inputs: widths.input,
        outputs: widths.output,
        bias: true,
      }); // [views, N, D]
      const mixed = linear(g, gelu(g, wide, 'none'), 'mlp.mlp.2', {
        inputs: widths.output,
        outputs: widths.output,
        bias: true,
      }); // [views, N, D]
      const map = tokensToMap(g, mixed, grid); // [views, D, rows, columns]
      const pooled = adaptiveAveragePool(g, map, { rows: side, columns: side }); // [views, D, side, side]
      const positions = depthwiseConvolution(g, pooled, 'peg.peg.0', {
        kernel: 3,
        padding: samePadding(3),
        bias: true,
      }); // [views, D, side, side]
      return { tokens: mapToTokens(g, add(g, pooled, positions)) };
    },
  },
});
