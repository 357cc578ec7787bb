/** One matrix between the vision encoder and the language model. */
import { ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { linear as linearBlock } from '#engine/onnx/blocks/linear.ts';
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { linearFromConfig } from './configs/linear-config.ts';
import { projectorWidths, widthParams } from '../tokens/widths.ts';

function layout(title: string, module: string): KeyLayout {
  return {
    title,
    key: (name) => name.replace(/^linear/, module),
    owns: (key) => key.startsWith(`${module}.`),
  };
}

const keyLayouts: readonly KeyLayout[] = [
  layout('projector alone', 'linear'),
  layout('PaliGemma', 'multi_modal_projector.linear'),
  layout('Idefics3 and SmolVLM', 'model.connector.modality_projection.proj'),
  layout('LLaVA, original', 'model.mm_projector'),
];

export const linear = defineNode({
  type: 'projector/linear',
  version: 1,
  family: 'projector',
  title: 'Linear projector',
  about:
    'A single matrix that maps each visual token to the width of the language model. The first LLaVA used it, and models ' +
    'that shuffle pixels into wide tokens (SmolVLM, Idefics3) still do.',
  references: [{ title: 'Visual Instruction Tuning', url: 'https://arxiv.org/abs/2304.08485' }],
  params: {
    ...widthParams,
    bias: { kind: 'flag', label: 'Bias', help: 'The matrix is followed by a bias.', default: true },
    ...weightParams,
  },
  inputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  outputs: { tokens: { kind: 'tokens', title: 'Projected tokens' } },
  fromConfig: linearFromConfig,
  keyLayouts: () => keyLayouts,
  demand: ({ params: { inputWidth } }) => ({ tokens: { channels: inputWidth ?? undefined } }),
  infer({ id, params, inputs, demands }) {
    const tokens = inputs.tokens;
    const widths = projectorWidths(id, params, tokens, demands.tokens);
    if (!widths.ok) return widths;
    return ok({ outputs: { tokens: { ...tokens, channels: widths.value.output } } });
  },
  summary: ({ bias }) => (bias ? 'one matrix, bias' : 'one matrix, no bias'),
  body: {
    kind: 'onnx',
    emit(g, { tokens }, { params: { bias }, inputs, outputs }) {
      const shape = {
        inputs: inputs.tokens.channels,
        outputs: outputs.tokens.channels,
        bias,
      };
      return { tokens: linearBlock(g, tokens, 'linear', shape) };
    },
  },
});
