/** MobileVLM's projector: an MLP on the tokens, then two convolutional blocks, the second with stride 2. */
import { ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { knownCount } from '#engine/node/wire.ts';
import { channelNorm } from '#engine/onnx/blocks/channel-norm.ts';
import { depthwiseConvolution, samePadding } from '#engine/onnx/blocks/convolution.ts';
import { dropPrefix, mapToTokens, tokensToMap } from '#engine/onnx/blocks/feature-map.ts';
import { activate } from '#engine/onnx/blocks/feed-forward.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { norm } from '#engine/onnx/blocks/norm.ts';
import { squeezeExcitation } from '#engine/onnx/blocks/squeeze-excitation.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { add, gelu } from '#engine/onnx/operators.ts';
import { fixedDim, type Value } from '#engine/onnx/value.ts';
import type { KeyLayout, TableGrid } from '#engine/onnx/weight.ts';
import { gridOf } from '../tokens/grid.ts';
import { fromProjectorName } from './configs/mm-projector-config.ts';
import { projectorWidths, widthParams } from '../tokens/widths.ts';
import { prefixedLayout } from './names/prefixed-layout.ts';

const layouts: readonly KeyLayout[] = [
  prefixedLayout('projector alone', ''),
  {
    title: 'MobileVLM',
    key: (name) => `model.mm_projector.model.${name}`,
    owns: (key) => key.startsWith('model.mm_projector.'),
  },
];

/** What padding by one leaves of a side at stride 2. */
const halved = (side: number): number => Math.ceil(side / 2);

export const ldp = defineNode({
  type: 'projector/ldp',
  version: 1,
  family: 'projector',
  title: 'LDP projector',
  about:
    'The lightweight downsample projector of the first MobileVLM: two linear layers, then two small convolutional ' +
    'blocks out of MobileNetV3 in which neighbouring tokens meet. The second goes two tokens at a time, so that a ' +
    'quarter is left for the language model. Each block looks around channel by channel and mixes channels place by ' +
    'place, which is cheaper than one convolution that does both; LDPv2 later did without the mixing.',
  references: [
    {
      title: 'MobileVLM: A Fast, Strong and Open Vision Language Assistant for Mobile Devices',
      url: 'https://arxiv.org/abs/2312.16886',
    },
  ],
  params: { ...widthParams, ...weightParams },
  inputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  outputs: { tokens: { kind: 'tokens', title: 'Projected tokens' } },
  fromConfig: (files) => fromProjectorName(files, { title: 'LDP', named: /^ldpnet(?!v2)/ }),
  keyLayouts: () => layouts,
  demand: ({ params }) => ({ tokens: { channels: params.inputWidth ?? undefined } }),
  infer({ id, params, inputs, demands }) {
    const widths = projectorWidths(id, params, inputs.tokens, demands.tokens);
    if (!widths.ok) return widths;
    const grid = gridOf('The LDP projector', inputs.tokens);
    if (!grid.ok) return grid;
    const rows = halved(grid.value.rows);
    const columns = halved(grid.value.columns);
    return ok({
      outputs: {
        tokens: {
          ...inputs.tokens,
          channels: widths.value.output,
          count: knownCount(rows * columns),
          prefixTokens: 0,
          grid: { rows, columns },
        },
      },
      found: { widths: widths.value, grid: grid.value },
    });
  },
  summary: () => 'two blocks, a quarter of the tokens',
  body: {
    kind: 'onnx',
    emit(g, { tokens }, { inputs, found: { widths, grid } }) {
      const { input, output } = widths;
      const patches = dropPrefix(g, tokens, inputs.tokens.prefixTokens); // [views, N, inputs]
      const wide = linear(g, patches, 'mlp.1', { inputs: input, outputs: output, bias: true });
      const square = { inputs: output, outputs: output, bias: true };
      const mixed = linear(g, gelu(g, wide, 'none'), 'mlp.3', square); // [views, N, D]
      const seen = add(g, mixed, block(g, mixed, grid, 'mb_block.1', 1));
      return { tokens: block(g, seen, grid, 'mb_block.2', 2) }; // [views, N / 4, D]
    },
  },
});

const normEpsilon = 1e-5;

/**
 * MobileNetV3's inverted residual as MobileVLM sets it: it does not widen, so that it has no convolution before the
 * depthwise one, and norms over channels. Tokens of the grid, [B, N, D] → [B, N / stride², D]. The convolution of one
 * place is a matrix over tokens, so that it may be quantised as others are.
 */
function block(g: GraphBuilder, x: Value, grid: TableGrid, name: string, stride: number): Value {
  const channels = fixedDim(x, 2);
  const part = (index: string) => `${name}.block.${index}`;
  return g.scope(name, () => {
    const around = { kernel: 3, stride, padding: samePadding(3), bias: false };
    const seen = depthwiseConvolution(g, tokensToMap(g, x, grid), part('0.0'), around);
    const active = activate(g, channelNorm(g, seen, part('0.1'), normEpsilon), 'hard-swish');
    const names = { down: part('1.fc1'), up: part('1.fc2') };
    const weighted = squeezeExcitation(g, active, names, {
      squeezedSize: inEights(Math.floor(channels / 4)),
      activation: 'relu',
      gate: 'hard-sigmoid',
    });
    const square = { inputs: channels, outputs: channels, bias: false };
    const mixed = linear(g, mapToTokens(g, weighted), part('2.0'), square);
    return norm(g, mixed, part('2.1'), { kind: 'layer', epsilon: normEpsilon });
  });
}

/** The nearest multiple of 8 that loses no more than a tenth, as torchvision's MobileNets count channels. */
function inEights(channels: number): number {
  const nearest = Math.max(8, 8 * Math.floor((channels + 4) / 8));
  return nearest < 0.9 * channels ? nearest + 8 : nearest;
}
