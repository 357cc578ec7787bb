/** LLaVA's two-layer projector, and its relatives with another depth or a norm before it. */
import { ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { activate, activations } from '#engine/onnx/blocks/feed-forward.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { norm } from '#engine/onnx/blocks/norm.ts';
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { fixedDim } from '#engine/onnx/value.ts';
import { mlpFromConfig } from './configs/mlp-config.ts';
import { projectorWidths, widthParams } from '../tokens/widths.ts';
import { prefixedLayout } from './names/prefixed-layout.ts';

const params = {
  ...widthParams,
  depth: {
    kind: 'integer',
    label: 'Layers',
    help: 'Linear layers, with the activation between them.',
    default: 2,
    min: 1,
    max: 8,
  },
  hiddenWidth: {
    kind: 'optional-integer',
    label: 'Hidden width',
    help: 'Channels between the layers.',
    default: null,
    min: 1,
    max: 262_144,
    whenEmpty: 'as the output width',
  },
  laterWidth: {
    kind: 'optional-integer',
    label: 'Later hidden width',
    help: 'Channels behind the second layer and later ones: models with joined encoders go wide once, then on at the output width.',
    default: null,
    min: 1,
    max: 262_144,
    whenEmpty: 'as the hidden width',
    shownWhen: { param: 'depth', is: [3, 4, 5, 6, 7, 8] },
  },
  activation: {
    kind: 'choice',
    label: 'Activation',
    help: 'Non-linearity between the layers.',
    default: 'gelu',
    options: activations.map((value) => ({ value, label: value })),
  },
  inputNorm: {
    kind: 'flag',
    label: 'Norm first',
    help: 'A LayerNorm before the first layer, as InternVL and ViP-LLaVA have.',
    default: false,
  },
  bias: { kind: 'flag', label: 'Bias', help: 'The layers add a bias.', default: true },
  ...weightParams,
} as const;

const vipModules = { layer_norm: 'projector_layernorm' } as const;
const deepSeekModules = { linear_1: 'linear1', linear_2: 'linear2' } as const;
const originalVipModules = {
  layer_norm: 'clip_layernorm',
  linear_1: 'final_linear.0',
  linear_2: 'final_linear.2',
} as const;

/** `linear_1`, `layer_norm` … as in the Hugging Face layout; others number the modules of a sequence. */
function keyLayouts(inputNorm: boolean): readonly KeyLayout[] {
  const numbered = (title: string, prefix: string): KeyLayout => ({
    ...prefixedLayout(title, prefix),
    key: (name) => {
      const [module = '', part = ''] = name.split('.');
      const place = Number(/^linear_(\d+)$/.exec(module)?.[1] ?? 0);
      const index = place === 0 ? 0 : 2 * (place - 1) + (inputNorm ? 1 : 0);
      return `${prefix}${index}.${part}`;
    },
  });
  const renamed = (
    title: string,
    prefix: string,
    modules: Readonly<Record<string, string>>,
  ): KeyLayout => ({
    ...prefixedLayout(title, prefix),
    key: (name) => prefix + name.replace(/^\w+/, (module) => modules[module] ?? module),
  });
  const aligner = (title: string, prefix: string): KeyLayout => ({
    ...prefixedLayout(title, prefix),
    key: (name) =>
      prefix +
      name
        .replace(/^linear_1\b/, 'fc1')
        .replace(/^linear_(\d+)/, (_, place) => `hidden_layers.${Number(place) - 2}`),
  });
  return [
    prefixedLayout('projector alone', ''),
    prefixedLayout('LLaVA, Hugging Face', 'multi_modal_projector.'),
    prefixedLayout('LLaVA, Hugging Face, since version 5', 'model.multi_modal_projector.'),
    renamed('ViP-LLaVA, Hugging Face', 'multi_modal_projector.', vipModules),
    renamed('ViP-LLaVA, Hugging Face, since version 5', 'model.multi_modal_projector.', vipModules),
    renamed('ViP-LLaVA, original', 'model.mm_projector.', originalVipModules),
    aligner('Janus', 'model.aligner.'),
    renamed('DeepSeek-VL, Hugging Face', 'model.aligner.', deepSeekModules),
    numbered('LLaVA, original', 'model.mm_projector.'),
    numbered('InternVL, original', 'mlp1.'),
    numbered('Prismatic and Cobra', 'projector.projector.'),
  ];
}

export const mlp = defineNode({
  type: 'projector/mlp',
  version: 1,
  family: 'projector',
  title: 'MLP projector',
  about:
    'Turns each visual token into a vector that the language model can read as if it were a word: linear, GELU, linear. ' +
    'LLaVA-1.5 showed that this plain bridge is enough; it keeps every token, so its cost lies in what follows it.',
  references: [
    {
      title: 'Improved Baselines with Visual Instruction Tuning',
      url: 'https://arxiv.org/abs/2310.03744',
    },
  ],
  params,
  inputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  outputs: { tokens: { kind: 'tokens', title: 'Projected tokens' } },
  fromConfig: mlpFromConfig,
  keyLayouts: ({ inputNorm }) => keyLayouts(inputNorm),
  demand: ({ params: { inputWidth } }) => ({ tokens: { channels: inputWidth ?? undefined } }),
  infer({ id, params: values, inputs, demands }) {
    const tokens = inputs.tokens;
    const widths = projectorWidths(id, values, tokens, demands.tokens);
    if (!widths.ok) return widths;
    return ok({ outputs: { tokens: { ...tokens, channels: widths.value.output } } });
  },
  summary: ({ depth, activation }) => `${depth} layers · ${activation}`,
  body: {
    kind: 'onnx',
    emit(g, { tokens }, { params: values, outputs }) {
      const output = outputs.tokens.channels;
      const hidden = values.hiddenWidth ?? output;
      let x = values.inputNorm
        ? norm(g, tokens, 'layer_norm', { kind: 'layer', epsilon: 1e-5 })
        : tokens;
      for (let layer = 1; layer <= values.depth; layer++) {
        const later = layer > 1 ? (values.laterWidth ?? hidden) : hidden;
        const width = layer === values.depth ? output : later;
        x = linear(g, x, `linear_${layer}`, {
          inputs: fixedDim(x, -1),
          outputs: width,
          bias: values.bias,
        });
        if (layer < values.depth) x = activate(g, x, values.activation);
      }
      return { tokens: x };
    },
  },
});
