/** Xmodel-VLM's projector: runs of tokens side by side, then an MLP. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { knownCount, type Grid } from '#engine/node/wire.ts';
import { dropPrefix } from '#engine/onnx/blocks/feature-map.ts';
import { activate } from '#engine/onnx/blocks/feed-forward.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { reshape } from '#engine/onnx/shape-operators.ts';
import type { Dim } from '#engine/onnx/value.ts';
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { fromProjectorName } from './configs/mm-projector-config.ts';
import { projectorWidths, widthParams } from '../tokens/widths.ts';
import { prefixedLayout } from './names/prefixed-layout.ts';

const layouts: readonly KeyLayout[] = [
  prefixedLayout('projector alone', ''),
  prefixedLayout('Xmodel-VLM', 'model.mm_projector.'),
];

export const xdp = defineNode({
  type: 'projector/xdp',
  version: 1,
  family: 'projector',
  title: 'XDP projector',
  about:
    'The downsampling projector of Xmodel-VLM: the channels of four tokens in a row become one wide token, and an MLP ' +
    'with the activation Mish brings it to the language model. A quarter of the tokens and nothing thrown away, as with ' +
    'a pixel shuffle, but the four lie beside one another, not in a square, so that it needs no grid. Most of its time ' +
    'goes into the first matrix, which is four times as wide as that of an MLP.',
  references: [
    {
      title: 'Xmodel-VLM: A Simple Baseline for Multimodal Vision Language Model',
      url: 'https://arxiv.org/abs/2405.09215',
    },
    {
      title: 'Mish: A Self Regularized Non-Monotonic Activation Function',
      url: 'https://arxiv.org/abs/1908.08681',
    },
  ],
  params: {
    ...widthParams,
    factor: {
      kind: 'integer',
      label: 'Factor',
      help: 'Tokens in a row that become one: 4 in the paper, 1 where a checkpoint calls its projector xdpnetv10_1.',
      default: 4,
      min: 1,
      max: 64,
    },
    ...weightParams,
  },
  inputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  outputs: { tokens: { kind: 'tokens', title: 'Projected tokens' } },
  fromConfig: (files) =>
    fromProjectorName(files, {
      title: 'XDP',
      named: /^xdpnet(?:v\d+)?(?:_(\d+))?$/,
      params: ([, factor]) => ({ factor: Number(factor ?? 4) }),
    }),
  keyLayouts: () => layouts,
  demand: ({ params }) => ({ tokens: { channels: params.inputWidth ?? undefined } }),
  infer({ id, params, inputs, demands }) {
    const { factor } = params;
    const { tokens } = inputs;
    const widths = projectorWidths(id, params, tokens, demands.tokens);
    if (!widths.ok) return widths;
    if (!tokens.count.known) {
      const message =
        'How many tokens come in is decided by the picture, and they may not divide into runs; place the XDP projector before anything that selects tokens.';
      return fail(error('arrangement-unsupported', message, { port: 'tokens' }));
    }
    const count = tokens.count.tokens - tokens.prefixTokens;
    if (count % factor !== 0) {
      const message = `${count} tokens do not divide into runs of ${factor}; choose a factor that divides ${count}.`;
      return fail(error('dimension-mismatch', message, { param: 'factor' }));
    }
    return ok({
      outputs: {
        tokens: {
          ...tokens,
          channels: widths.value.output,
          count: knownCount(count / factor),
          prefixTokens: 0,
          grid: tokens.grid && gridOfRuns(tokens.grid, factor),
        },
      },
      found: { widths: widths.value, count: count / factor },
    });
  },
  summary: ({ factor }) => (factor === 1 ? 'token by token · mish' : `${factor} in a row · mish`),
  body: {
    kind: 'onnx',
    emit(g, { tokens }, { params: { factor }, inputs, found: { widths, count } }) {
      const { input, output } = widths;
      const patches = dropPrefix(g, tokens, inputs.tokens.prefixTokens); // [views, N, inputs]
      const width = factor * input;
      const runs = reshape(g, patches, [patches.shape[0] as Dim, count, width]);
      const wide = linear(g, runs, 'mlp.0', { inputs: width, outputs: output, bias: true });
      const square = { inputs: output, outputs: output, bias: true };
      return { tokens: linear(g, activate(g, wide, 'mish'), 'mlp.2', square) }; // [views, N / factor, D]
    },
  },
});

/** Runs that end where rows end lie on a grid of fewer columns. */
const gridOfRuns = ({ rows, columns }: Grid, factor: number): Grid | null =>
  columns % factor === 0 ? { rows, columns: columns / factor } : null;
