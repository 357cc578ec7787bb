/** Honeybee's D-Abstractor: queries that look at a few points of the picture each. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { dropPrefix, mapToTokens, tokensToMap } from '#engine/onnx/blocks/feature-map.ts';
import { activations } from '#engine/onnx/blocks/feed-forward.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { adaptiveAveragePool } from '#engine/onnx/blocks/pooling.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { repeatAs } from '#engine/onnx/shape-operators.ts';
import { fixedDim, type Value } from '#engine/onnx/value.ts';
import type { KeyLayout, TableGrid } from '#engine/onnx/weight.ts';
import { gridOf } from '../tokens/grid.ts';
import {
  abstractedTokens,
  abstractorParams,
  addPlaces,
  endPictures,
} from './params/abstractor-params.ts';
import { deformableLayer, type PlacedQueries } from './layers/deformable-layers.ts';
import { dAbstractorFromConfig } from './configs/honeybee-config.ts';
import { headProblem, projectorWidths, widthParams } from '../tokens/widths.ts';
import { prefixedLayout } from './names/prefixed-layout.ts';

const layouts: readonly KeyLayout[] = [
  prefixedLayout('projector alone', ''),
  prefixedLayout('Honeybee', 'abstractor.'),
];

/** A whole number of the architecture, from 1. */
const figure = <const Standard extends number>(
  label: string,
  help: string,
  standard: Standard,
  max: number,
) =>
  ({
    kind: 'integer',
    label,
    help,
    default: standard,
    min: 1,
    max,
    group: 'architecture',
  }) as const;

const params = {
  ...widthParams,
  hiddenSize: figure('Hidden size', 'Channels of a query.', 1024, 65_536),
  layerCount: figure('Layers', 'How often each query looks.', 6, 512),
  headCount: figure('Heads', 'Heads of both attentions.', 8, 1024),
  pointCount: figure('Points', 'Places that each head of a query looks at in a layer.', 4, 64),
  feedForwardSize: figure('Feed-forward size', 'Channels inside the feed-forward.', 1024, 262_144),
  activation: {
    kind: 'choice',
    label: 'Activation',
    help: 'Non-linearity of the feed-forward.',
    default: 'relu',
    options: activations.map((value) => ({ value, label: value })),
    group: 'architecture',
  },
  pooled: {
    kind: 'choice',
    label: 'Pooled picture',
    help: 'What the mean of the picture around each query is to it; the other one is learned.',
    default: 'positions',
    options: [
      { value: 'positions', label: 'its position' },
      { value: 'state', label: 'what it starts from' },
    ],
    group: 'architecture',
  },
  ...abstractorParams,
  ...weightParams,
} as const;

type DAbstractorParams = ParamValues<typeof params>;

export const dAbstractor = defineNode({
  type: 'projector/d-abstractor',
  version: 1,
  family: 'projector',
  title: 'D-Abstractor',
  about:
    "Honeybee's attentive projector: a square of queries, each at home in one place of the picture. In every layer a " +
    'query chooses a few points around its place and looks at nothing else (deformable attention), so that it follows ' +
    'what is there and still knows where it is. Looking costs the same however large the picture is; what grows with ' +
    'it is one matrix per layer over all tokens.',
  references: [
    {
      title: 'Honeybee: Locality-enhanced Projector for Multimodal LLM',
      url: 'https://arxiv.org/abs/2312.06742',
    },
    {
      title: 'Deformable DETR: Deformable Transformers for End-to-End Object Detection',
      url: 'https://arxiv.org/abs/2010.04159',
    },
  ],
  params,
  inputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  outputs: { tokens: { kind: 'tokens', title: 'Projected tokens' } },
  fromConfig: dAbstractorFromConfig,
  keyLayouts: () => layouts,
  demand: ({ params: values }) => ({ tokens: { channels: values.inputWidth ?? undefined } }),
  infer({ id, params: values, inputs, demands }) {
    const { hiddenSize, headCount } = values;
    const heads = headProblem(hiddenSize, headCount);
    if (heads) return fail(heads);
    const widths = projectorWidths(id, values, inputs.tokens, demands.tokens);
    if (!widths.ok) return widths;
    const grid = gridOf('The D-Abstractor', inputs.tokens);
    if (!grid.ok) return grid;
    return ok({
      outputs: { tokens: abstractedTokens(inputs.tokens, widths.value.output, values) },
      found: { output: widths.value.output, grid: grid.value },
    });
  },
  layers: ({ layerCount }) => layerCount,
  summary: ({ side, layerCount, pointCount }) =>
    `to ${side} × ${side} tokens · ${layerCount} layers × ${pointCount} points`,
  body: {
    kind: 'onnx',
    emit(g, { tokens }, { params: values, inputs, found: { output, grid } }) {
      const { hiddenSize, layerCount, side } = values;
      const patches = dropPrefix(g, tokens, inputs.tokens.prefixTokens); // [views, N, inputs]
      const picture = addPlaces(
        g,
        toWidth(g, patches, 'input_proj.0', hiddenSize),
        'v_pos_emb',
        values,
      );
      const queries = startingQueries(g, picture, grid, values);
      const references = g.weight(g.tensor('reference_points', [1, side ** 2, 2], 'embedding'));
      const memory = { tokens: picture, grid, references };
      let { state } = queries; // [views, side², D]
      for (let layer = 0; layer < layerCount; layer++)
        state = g.scope(`layers.${layer}`, () =>
          deformableLayer(g, { ...queries, state }, memory, `layers.${layer}`, values),
        );
      const ended = endPictures(g, state, 'eos_tokens', values);
      return { tokens: toWidth(g, ended, 'output_proj', output) };
    },
  },
});

/** A matrix only where the width changes, as Honeybee has it. [B, N, any] → [B, N, outputs] */
function toWidth(g: GraphBuilder, x: Value, name: string, outputs: number): Value {
  const inputs = fixedDim(x, -1);
  return inputs === outputs ? x : linear(g, x, name, { inputs, outputs, bias: true });
}

/** One query for each place of the square that goes out: the picture pooled there, and a learned vector. */
function startingQueries(
  g: GraphBuilder,
  picture: Value,
  grid: TableGrid,
  { side, hiddenSize, pooled }: DAbstractorParams,
): PlacedQueries {
  const map = tokensToMap(g, picture, grid); // [views, D, rows, columns]
  const means = mapToTokens(g, adaptiveAveragePool(g, map, { rows: side, columns: side }));
  const table = g.tensor(
    'query_position_embeddings.weight',
    [1, side ** 2, hiddenSize],
    'embedding',
  );
  const learned = repeatAs(g, g.weight(table), 0, picture, 0); // [views, side², D]
  return pooled === 'positions'
    ? { state: learned, positions: means }
    : { state: means, positions: learned };
}
