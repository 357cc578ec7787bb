/** One stage of a RegNet as a projector of its own: half of what Honeybee's C-Abstractor is made of. */
import { ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { knownCount } from '#engine/node/wire.ts';
import { dropPrefix } from '#engine/onnx/blocks/feature-map.ts';
import { regStage } from '#engine/onnx/blocks/reg-stage.ts';
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { gridOf } from '../tokens/grid.ts';
import { projectorWidths, widthParams } from '../tokens/widths.ts';

/** What a C-Abstractor calls its stages, by where they stand to its pool. */
const stageNames = { before: 'net.0', behind: 'net.2' } as const;

const layout = (title: string, stage: string): KeyLayout => ({
  title,
  key: (name) => name.replace(/^stage\b/, stage),
  owns: (key) => key.startsWith(`${stage}.`),
});

export const regstage = defineNode({
  type: 'projector/regstage',
  version: 1,
  family: 'projector',
  title: 'RegStage',
  about:
    'A stage of a RegNet on the grid of tokens: bottlenecks in which each channel looks at its eight neighbours, with ' +
    'squeeze and excitation. It keeps every token, and tells each of them what is around it. A stage, average pooling ' +
    'and a second stage are the middle of the C-Abstractor, here in pieces: try another compression between them. ' +
    'Nearly all of its time goes into the two matrices of each bottleneck.',
  references: [
    {
      title: 'Honeybee: Locality-enhanced Projector for Multimodal LLM',
      url: 'https://arxiv.org/abs/2312.06742',
    },
    { title: 'Designing Network Design Spaces', url: 'https://arxiv.org/abs/2003.13678' },
  ],
  params: {
    ...widthParams,
    depth: {
      kind: 'integer',
      label: 'Bottlenecks',
      help: 'How many, one behind the other; each lets a token see one place further.',
      default: 3,
      min: 1,
      max: 64,
    },
    stage: {
      kind: 'choice',
      label: 'Stage',
      help: 'Which stage of a C-Abstractor is read where the weights are those of a checkpoint.',
      default: 'before',
      options: [
        { value: 'before', label: 'before the pool' },
        { value: 'behind', label: 'behind the pool' },
      ],
      group: 'weights',
    },
    ...weightParams,
  },
  inputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  outputs: { tokens: { kind: 'tokens', title: 'Tokens that saw neighbours' } },
  keyLayouts: ({ stage }) => [
    layout('network alone', stageNames[stage]),
    layout('Honeybee', `abstractor.${stageNames[stage]}`),
  ],
  demand: ({ params }) => ({ tokens: { channels: params.inputWidth ?? undefined } }),
  infer({ id, params, inputs, demands }) {
    const widths = projectorWidths(id, params, inputs.tokens, demands.tokens);
    if (!widths.ok) return widths;
    const grid = gridOf('RegStage', inputs.tokens);
    if (!grid.ok) return grid;
    const count = knownCount(grid.value.rows * grid.value.columns);
    const channels = widths.value.output;
    return ok({
      outputs: { tokens: { ...inputs.tokens, channels, count, prefixTokens: 0 } },
      found: { widths: widths.value, grid: grid.value },
    });
  },
  layers: ({ depth }) => depth,
  summary: ({ depth }) => (depth === 1 ? '1 bottleneck' : `${depth} bottlenecks`),
  body: {
    kind: 'onnx',
    emit(g, { tokens }, { params: { depth }, inputs, found: { widths, grid } }) {
      const patches = dropPrefix(g, tokens, inputs.tokens.prefixTokens); // [views, N, inputs]
      const shape = { inputs: widths.input, outputs: widths.output, depth };
      return { tokens: regStage(g, patches, grid, 'stage', shape) };
    },
  },
});
