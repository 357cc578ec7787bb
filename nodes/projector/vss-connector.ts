/** VL-Mamba's connector: linear layers around a scan of the picture. */
import { ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { knownCount, type Grid } from '#engine/node/wire.ts';
import { dropPrefix } from '#engine/onnx/blocks/feature-map.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { normOfSum } from '#engine/onnx/blocks/norm.ts';
import { visualScan } from '#engine/onnx/blocks/visual-scan.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { gelu } from '#engine/onnx/operators.ts';
import { fixedDim, type Value } from '#engine/onnx/value.ts';
import { gridOf } from '../tokens/grid.ts';
import { visualScanParams, visualScanShape } from './params/visual-scan-params.ts';
import { projectorWidths, widthParams } from '../tokens/widths.ts';
import { prefixedLayout } from './names/prefixed-layout.ts';

const whenScanned = {
  shownWhen: { param: 'connector', is: ['vss-mlp', 'vss-l2'] },
} as const;

const params = {
  ...widthParams,
  connector: {
    kind: 'choice',
    label: 'Connector',
    help: 'How the scan and the linear layers stand together; VL-Mamba itself takes VSS-L2.',
    default: 'vss-l2',
    options: [
      { value: 'mlp', label: 'MLP', about: 'Two linear layers, no scan.' },
      { value: 'vss-mlp', label: 'VSS-MLP', about: 'A scan of the visual tokens, then an MLP.' },
      { value: 'vss-l2', label: 'VSS-L2', about: 'A scan between two linear layers.' },
    ],
  },
  routes: { ...visualScanParams.routes, ...whenScanned },
  stateSize: { ...visualScanParams.stateSize, ...whenScanned },
  expansion: { ...visualScanParams.expansion, ...whenScanned },
  ...weightParams,
} as const;

type ConnectorParams = ParamValues<typeof params>;

export const vssConnector = defineNode({
  type: 'projector/vss-connector',
  version: 1,
  family: 'projector',
  title: 'VSS connector',
  about:
    'The multimodal connector of VL-Mamba. Its language model hears a sequence only forwards, so that the first patch ' +
    'knows nothing of the last; before they are handed over, the patches are therefore scanned in both directions, ' +
    'and in columns too where cross is chosen. Every token stays, and the scan takes longer than the two matrices around ' +
    'it. No code or weights were published. What the paper leaves open is assumed here: the scan is the SS2D of VMamba ' +
    'with its standard figures, its routes have weights of their own and are added up, the norm is a LayerNorm, and both ' +
    'linear layers of VSS-L2 give the width of the language model.',
  references: [
    {
      title: 'VL-Mamba: Exploring State Space Models for Multimodal Learning',
      url: 'https://arxiv.org/abs/2403.13600',
    },
    { title: 'VMamba: Visual State Space Model', url: 'https://arxiv.org/abs/2401.10166' },
  ],
  params,
  inputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  outputs: { tokens: { kind: 'tokens', title: 'Projected tokens' } },
  keyLayouts: () => [prefixedLayout('projector alone', '')],
  demand: ({ params: { inputWidth } }) => ({ tokens: { channels: inputWidth ?? undefined } }),
  infer({ id, params: values, inputs: { tokens }, demands }) {
    const widths = projectorWidths(id, values, tokens, demands.tokens);
    if (!widths.ok) return widths;
    const channels = widths.value.output;
    const scanned = values.connector === 'mlp' ? ok(null) : gridOf('The VSS connector', tokens);
    if (!scanned.ok) return scanned;
    const found: { readonly grid: Grid | null } = { grid: scanned.value };
    if (!found.grid) return ok({ outputs: { tokens: { ...tokens, channels } }, found });
    const count = knownCount(found.grid.rows * found.grid.columns);
    return ok({ outputs: { tokens: { ...tokens, channels, count, prefixTokens: 0 } }, found });
  },
  summary: ({ connector, routes }) => (connector === 'mlp' ? 'MLP' : `${connector} · ${routes}`),
  body: {
    kind: 'onnx',
    emit(g, { tokens }, { params: values, inputs, outputs, found: { grid } }) {
      const output = outputs.tokens.channels;
      if (grid === null) return { tokens: twoLayers(g, tokens, output) };
      const patches = dropPrefix(g, tokens, inputs.tokens.prefixTokens); // [views, N, inputs]
      return values.connector === 'vss-mlp'
        ? { tokens: twoLayers(g, addScan(g, patches, patches, grid, values), output) }
        : { tokens: scanBetween(g, patches, grid, output, values) };
    },
  },
});

/** [B, N, any] → [B, N, outputs] */
function layer(g: GraphBuilder, x: Value, name: string, outputs: number): Value {
  return linear(g, x, name, { inputs: fixedDim(x, -1), outputs, bias: true });
}

function twoLayers(g: GraphBuilder, x: Value, outputs: number): Value {
  return layer(g, gelu(g, layer(g, x, 'linear_1', outputs), 'none'), 'linear_2', outputs);
}

function scanBetween(
  g: GraphBuilder,
  patches: Value,
  grid: Grid,
  outputs: number,
  values: ConnectorParams,
): Value {
  const wide = layer(g, patches, 'linear_1', outputs); // [B, N, D]
  const scanned = addScan(g, wide, gelu(g, wide, 'none'), grid, values);
  return layer(g, scanned, 'linear_2', outputs);
}

/** norm(x + scan(seen)), both [B, N, D] → [B, N, D] */
function addScan(
  g: GraphBuilder,
  x: Value,
  seen: Value,
  grid: Grid,
  values: ConnectorParams,
): Value {
  const scanned = visualScan(g, seen, grid, 'ss2d', visualScanShape(fixedDim(x, -1), values));
  return normOfSum(g, x, scanned, 'norm', { kind: 'layer', epsilon: 1e-5 });
}
