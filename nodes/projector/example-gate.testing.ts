/** The example of CONTRIBUTING.md: a projector that lets part of each channel through. In no catalogue. */
import { ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { multiply, sigmoid } from '#engine/onnx/operators.ts';
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { projectorWidths, widthParams } from '../tokens/widths.ts';

/** What published checkpoints call the tensors that the body names; one entry a layout. */
const layouts: readonly KeyLayout[] = [
  { title: 'projector alone', key: (name) => name, owns: () => true },
  {
    title: 'whole model',
    key: (name) => `model.mm_projector.${name}`,
    owns: (key) => key.startsWith('model.mm_projector.'),
  },
];

export const exampleGate = defineNode({
  // What a graph's file says; never changed once it is out. Params that change meaning raise the version.
  type: 'projector/example-gate',
  version: 1,
  family: 'projector',
  title: 'Gated projector',
  // For a student: what it does, what it is good for, what it costs.
  about:
    'Multiplies a linear map of each visual token by a gate between 0 and 1 of the same token.',
  references: [
    { title: 'Language Modeling with Gated CNNs', url: 'https://arxiv.org/abs/1612.08083' },
  ],
  // Form, card, check and docs are drawn from these. A spread for what many nodes share.
  params: {
    ...widthParams,
    bias: { kind: 'flag', label: 'Bias', help: 'Both maps add a bias.', default: true },
    ...weightParams,
  },
  // A wire joins ports of one kind; an input may be `optional` or take `several` wires.
  inputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  outputs: { tokens: { kind: 'tokens', title: 'Projected tokens' } },
  keyLayouts: () => layouts,
  // What it asks of what comes before, so that a width need not be typed twice.
  demand: ({ params }) => ({ tokens: { channels: params.inputWidth ?? undefined } }),
  // Pure, at every keystroke: the wires that leave, or a problem with a code, a place and a sentence that mends.
  infer({ id, params, inputs, demands }) {
    const widths = projectorWidths(id, params, inputs.tokens, demands.tokens);
    if (!widths.ok) return widths;
    // `found` is handed to the body, typed.
    return ok({
      outputs: { tokens: { ...inputs.tokens, channels: widths.value.output } },
      found: { shape: { inputs: widths.value.input, outputs: widths.value.output } },
    });
  },
  summary: ({ bias }) => (bias ? 'gated, bias' : 'gated'),
  body: {
    kind: 'onnx',
    // Weights are named, never read: the host fills them from a checkpoint by the layouts above, or from a seed.
    emit(g, { tokens }, { params: { bias }, found }) {
      const shape = { ...found.shape, bias };
      const map = linear(g, tokens, 'map', shape); // [views, N, D]
      const gate = sigmoid(g, linear(g, tokens, 'gate', shape)); // [views, N, D]
      return { tokens: multiply(g, map, gate) };
    },
  },
});
