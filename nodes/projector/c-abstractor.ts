/** Honeybee's C-Abstractor: convolutional stages around an average pool. */
import { ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { dropPrefix, mapToTokens, tokensToMap } from '#engine/onnx/blocks/feature-map.ts';
import { activate } from '#engine/onnx/blocks/feed-forward.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { norm } from '#engine/onnx/blocks/norm.ts';
import { adaptiveAveragePool } from '#engine/onnx/blocks/pooling.ts';
import { regStage } from '#engine/onnx/blocks/reg-stage.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { fixedDim, type Value } from '#engine/onnx/value.ts';
import type { KeyLayout, TableGrid } from '#engine/onnx/weight.ts';
import { gridOf } from '../tokens/grid.ts';
import {
  abstractedTokens,
  abstractorParams,
  addPlaces,
  endPictures,
} from './params/abstractor-params.ts';
import { cAbstractorFromConfig } from './configs/honeybee-config.ts';
import { projectorWidths, widthParams } from '../tokens/widths.ts';
import { prefixedLayout } from './names/prefixed-layout.ts';

const layouts: readonly KeyLayout[] = [
  prefixedLayout('projector alone', ''),
  prefixedLayout('Honeybee', 'abstractor.'),
];

export const cAbstractor = defineNode({
  type: 'projector/c-abstractor',
  version: 1,
  family: 'projector',
  title: 'C-Abstractor',
  about:
    "Honeybee's convolutional projector: a stage of a RegNet, an average pool to as many tokens as are wanted, a second " +
    'stage, and a small MLP to the language model. A resampler is as free in the number of tokens but may lose where ' +
    'things are; here each token comes out of the place where it lies, which helps where a question is about places. ' +
    'The first stage sees all tokens, so that fewer tokens out save time in the language model, not here.',
  references: [
    {
      title: 'Honeybee: Locality-enhanced Projector for Multimodal LLM',
      url: 'https://arxiv.org/abs/2312.06742',
    },
  ],
  params: {
    ...widthParams,
    hiddenSize: {
      kind: 'integer',
      label: 'Hidden size',
      help: 'Channels inside the stages.',
      default: 1024,
      min: 1,
      max: 65_536,
      group: 'architecture',
    },
    depth: {
      kind: 'integer',
      label: 'Bottlenecks',
      help: 'How many each of the two stages has.',
      default: 3,
      min: 1,
      max: 64,
      group: 'architecture',
    },
    readoutDepth: {
      kind: 'integer',
      label: 'Readout layers',
      help: 'Linear layers behind the stages, with SiLU between them.',
      default: 2,
      min: 1,
      max: 8,
      group: 'architecture',
    },
    inputNorm: {
      kind: 'flag',
      label: 'Norm first',
      help: 'A LayerNorm before the positions; not in published models.',
      default: false,
      group: 'architecture',
    },
    ...abstractorParams,
    ...weightParams,
  },
  inputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  outputs: { tokens: { kind: 'tokens', title: 'Projected tokens' } },
  fromConfig: cAbstractorFromConfig,
  keyLayouts: () => layouts,
  demand: ({ params }) => ({ tokens: { channels: params.inputWidth ?? undefined } }),
  infer({ id, params, inputs, demands }) {
    const widths = projectorWidths(id, params, inputs.tokens, demands.tokens);
    if (!widths.ok) return widths;
    const grid = gridOf('The C-Abstractor', inputs.tokens);
    if (!grid.ok) return grid;
    return ok({
      outputs: { tokens: abstractedTokens(inputs.tokens, widths.value.output, params) },
      found: { widths: widths.value, grid: grid.value },
    });
  },
  layers: ({ depth }) => 2 * depth,
  summary: ({ side, depth }) => `to ${side} × ${side} tokens · 2 × ${depth} bottlenecks`,
  body: {
    kind: 'onnx',
    emit(g, { tokens }, { params, inputs, found: { widths, grid } }) {
      const { hiddenSize, depth, side } = params;
      const patches = dropPrefix(g, tokens, inputs.tokens.prefixTokens); // [views, N, inputs]
      const normed = params.inputNorm
        ? norm(g, patches, 'prenorm', { kind: 'layer', epsilon: 1e-6 })
        : patches;
      const placed = addPlaces(g, normed, 'pos_emb', params);
      const square = { rows: side, columns: side };
      const stage = (x: Value, on: TableGrid, index: number): Value => {
        const shape = { inputs: fixedDim(x, 2), outputs: hiddenSize, depth };
        return g.scope(`stages.${index}`, () => regStage(g, x, on, `net.${index}`, shape));
      };
      const seen = tokensToMap(g, stage(placed, grid, 0), grid); // [views, hidden, rows, columns]
      const pooled = mapToTokens(g, adaptiveAveragePool(g, seen, square)); // [views, side², hidden]
      const read = readout(g, stage(pooled, square, 2), widths.output, params.readoutDepth);
      return { tokens: endPictures(g, read, 'eos_tokens', params) }; // [views, side² + end, D]
    },
  },
});

/** Linear layers with SiLU between them. [B, N, hidden] → [B, N, outputs] */
function readout(g: GraphBuilder, tokens: Value, outputs: number, depth: number): Value {
  let x = tokens;
  for (let layer = 0; layer < depth; layer++) {
    const shape = { inputs: fixedDim(x, -1), outputs, bias: true };
    x = linear(g, layer === 0 ? x : activate(g, x, 'silu'), `readout.${2 * layer}`, shape);
  }
  return x;
}
