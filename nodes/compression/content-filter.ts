/** HRVDA's content filter: patches on which nothing is written never enter the encoder. */
import { ok } from '#engine/contract/outcome.ts';
import { defineNode, type PartContext } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import type { PatchFilterPart } from '#engine/node/part.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { convolution, samePadding } from '#engine/onnx/blocks/convolution.ts';
import { maxPool } from '#engine/onnx/blocks/pooling.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import {
  add,
  cast,
  divide,
  greater,
  largest,
  negate,
  sigmoid,
  topK,
} from '#engine/onnx/operators.ts';
import { reshape } from '#engine/onnx/shape-operators.ts';
import { fixedDim, type Value } from '#engine/onnx/value.ts';
import type { KeyLayout } from '#engine/onnx/weight.ts';

/** A guess: about half of a page is margins, gaps and space between lines. */
const expectedShare = 0.5;

const ofNetwork = { param: 'detector', is: ['network'] } as const;

const params = {
  detector: {
    kind: 'choice',
    label: 'Detector',
    help: 'What tells how much is on a patch, from 0 to 1.',
    default: 'network',
    options: [
      { value: 'network', label: 'Network', about: 'Convolutions, which have to be trained.' },
      {
        value: 'contrast',
        label: 'Contrast',
        about:
          'How far its darkest and brightest pixels are apart, of the most there is; untrained.',
      },
    ],
  },
  width: {
    kind: 'integer',
    label: 'Width',
    help: 'Channels of the network.',
    default: 32,
    min: 1,
    max: 4096,
    shownWhen: ofNetwork,
  },
  layerCount: {
    kind: 'integer',
    label: 'Layers',
    help: 'Convolutions in which a patch sees the eight around it.',
    default: 2,
    min: 0,
    max: 64,
    shownWhen: ofNetwork,
  },
  threshold: {
    kind: 'number',
    label: 'Threshold',
    help: 'A patch stays where more is on it than this. The one with the most always stays.',
    default: 0.5,
    min: 0,
    max: 1,
  },
  weights: weightParams.weights,
} as const;

type Values = ParamValues<typeof params>;

const layouts: readonly KeyLayout[] = [
  { title: 'detector alone', key: (name) => name, owns: () => true },
];

export const contentFilter = defineNode({
  type: 'compression/content-filter',
  version: 1,
  family: 'compression',
  title: 'HRVDA content filter',
  about:
    'Most of a page is paper. A small detector looks at every patch before Swin does, and only those with something on them ' +
    'go in: the others are seen by none in the windows, cost nothing behind the embedding, and leave no token. A square that ' +
    'Swin merges stays where one of its four patches does. One picture at a time. The network has to be trained, and with ' +
    'random weights its choice means little; contrast is not of the paper, and shows without training what a filter is ' +
    'worth. No code or checkpoint is published, and of the paper only the outline was at hand. Unverified are: what the ' +
    'detector is made of and its threshold, how windows and squares go on without what is gone, and how much stays.',
  references: [
    {
      title: 'HRVDA: High-Resolution Visual Document Assistant',
      url: 'https://arxiv.org/abs/2404.06918',
    },
  ],
  params,
  inputs: {},
  outputs: { part: { kind: 'encoder-part', title: 'Encoder part' } },
  keyLayouts: () => layouts,
  infer: () =>
    ok({
      outputs: {
        part: { kind: 'encoder-part', acts: { at: 'patches', keptShare: expectedShare } },
      },
    }),
  summary: ({ detector, threshold }) => `${detector} · above ${threshold}`,
  shows: [{ kind: 'kept-patches', tap: 'marks' }],
  body: {
    kind: 'part',
    part: (context) => ({ kind: 'patch-filter', keep: keepContent(context) }),
  },
});

/** Taps `content` [1, 1, rows, columns], how much is on each patch. */
const keepContent =
  ({ params: values, withWeights }: PartContext<typeof params>): PatchFilterPart['keep'] =>
  (g, pixels, { patchSize }) =>
    g.scope('filter', () => {
      const content =
        values.detector === 'contrast'
          ? contrastOf(g, pixels, patchSize)
          : withWeights(g, () => detect(g, pixels, patchSize, values));
      g.tap('content', content);
      const isAbove = greater(g, content, g.scalar('float32', values.threshold));
      const count = fixedDim(content, 2) * fixedDim(content, 3);
      const most = topK(g, reshape(g, content, [count]), g.list(1), 1).indices; // [1]
      const one = g.constant('float32', [1], [1]);
      const above = reshape(g, cast(g, isAbove, 'float32'), [count]);
      const kept = g.op('ScatterElements', [above, most, one], above);
      return reshape(g, kept, content.shape);
    });

/** [1, 3, H, W] → [1, 1, rows, columns], from 0 to 1 */
function detect(
  g: GraphBuilder,
  pixels: Value,
  patchSize: number,
  { width, layerCount }: Values,
): Value {
  const patches = { kernel: patchSize, stride: patchSize, bias: true };
  const from = { ...patches, inputs: fixedDim(pixels, 1), outputs: width };
  const around = { inputs: width, outputs: width, kernel: 3, padding: samePadding(3), bias: true };
  let seen = rectified(g, convolution(g, pixels, 'embedding', from));
  for (let layer = 0; layer < layerCount; layer++)
    seen = rectified(g, convolution(g, seen, `layers.${layer}`, around));
  const score = { inputs: width, outputs: 1, kernel: 1, bias: true };
  return sigmoid(g, convolution(g, seen, 'score', score));
}

const rectified = (g: GraphBuilder, x: Value): Value => g.op('Relu', [x], x);

/** The widest range of a colour in a patch, as a share of the widest of all. [1, 3, H, W] → [1, 1, rows, columns] */
function contrastOf(g: GraphBuilder, pixels: Value, patchSize: number): Value {
  const pool = { kernel: patchSize };
  const brightest = maxPool(g, pixels, pool);
  const darkest = maxPool(g, negate(g, pixels), pool); // as far below 0
  const range = largest(g, add(g, brightest, darkest), 1, true);
  const widest = largest(g, range, [2, 3], true);
  return divide(g, range, add(g, widest, g.scalar('float32', 1e-6)));
}
