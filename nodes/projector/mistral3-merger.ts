/** Mistral 3's projector: a norm, one learned token for each group of neighbours, and a two-layer MLP. */
import { z } from 'zod';
import { ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { activate, activations } from '#engine/onnx/blocks/feed-forward.ts';
import { dropPrefix } from '#engine/onnx/blocks/feature-map.ts';
import { foldGroups } from '#engine/onnx/blocks/fold-groups.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { norm } from '#engine/onnx/blocks/norm.ts';
import type { KeyLayout } from '#engine/onnx/weight.ts';
import {
  activationFromConfig,
  configFile,
  foreign,
  modelTypeOf,
  readFigures,
  unsupported,
} from '../config/published-config.ts';
import { describeWidths, widthParams } from '../tokens/widths.ts';
import { mergedSide, mergedTokens } from './params/merged-tokens.ts';
import { prefixedLayout } from './names/prefixed-layout.ts';

/** What the authors' own files call the modules. */
const originalModules: Readonly<Record<string, string>> = {
  norm: 'pre_mm_projector_norm',
  'patch_merger.merging_layer': 'patch_merger.merging_layer',
  linear_1: 'vision_language_adapter.w_in',
  linear_2: 'vision_language_adapter.w_out',
};

const keyLayouts: readonly KeyLayout[] = [
  prefixedLayout('projector alone', ''),
  prefixedLayout('Mistral 3, Hugging Face', 'multi_modal_projector.'),
  prefixedLayout('Mistral 3, Hugging Face, since version 5', 'model.multi_modal_projector.'),
  {
    title: 'Mistral 3, original',
    key: (name) =>
      name.replace(
        /^(.+)\.(\w+)$/,
        (_, module: string, part: string) => `${originalModules[module] ?? module}.${part}`,
      ),
    owns: (key) => Object.values(originalModules).some((module) => key.startsWith(`${module}.`)),
  },
];

const standardEpsilon = 1e-5;

const configSchema = z.object({
  vision_config: z.object({ hidden_size: z.int().default(1024) }).prefault({}),
  text_config: z
    .object({ hidden_size: z.int().optional(), rms_norm_eps: z.number().default(standardEpsilon) })
    .prefault({}),
  spatial_merge_size: z.int().default(2),
  projector_hidden_act: z.string().default('gelu'),
  multimodal_projector_bias: z.boolean().default(false),
});

export const mistral3Merger = defineNode({
  type: 'projector/mistral3-merger',
  version: 1,
  family: 'projector',
  title: 'Mistral 3 merger',
  about:
    'One matrix, which acts as a strided convolution would, melts each 2 × 2 group of neighbouring tokens into one of the same ' +
    'width; an MLP then maps it to the width of the language model. A quarter of the tokens is left whatever the size ' +
    'of the picture. Because the width is back to that of one token before the MLP, it is cheaper than a patch merger.',
  references: [
    { title: 'Mistral Small 3.1', url: 'https://mistral.ai/news/mistral-small-3-1' },
    { title: 'Pixtral 12B', url: 'https://arxiv.org/abs/2410.07073' },
  ],
  params: {
    ...widthParams,
    factor: mergedSide,
    activation: {
      kind: 'choice',
      label: 'Activation',
      help: 'Non-linearity between the two last matrices.',
      default: 'gelu',
      options: activations.map((value) => ({ value, label: value })),
    },
    bias: {
      kind: 'flag',
      label: 'Bias',
      help: 'The two last matrices add a bias.',
      default: false,
    },
    normEpsilon: {
      kind: 'number',
      label: 'Norm epsilon',
      help: 'Added to the mean square that the first norm divides by.',
      default: standardEpsilon,
      min: 1e-12,
      max: 1,
    },
    ...weightParams,
  },
  inputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  outputs: { tokens: { kind: 'tokens', title: 'Merged tokens' } },
  fromConfig(files) {
    const file = configFile(files, 'config.json');
    if (!file.ok) return file;
    const type = modelTypeOf(file.value);
    if (type !== 'mistral3')
      return foreign(`config.json describes no Mistral 3 merger; "${type}" has none.`);
    const config = readFigures(configSchema, file.value, 'config.json');
    if (!config.ok) return config;
    const { vision_config: vision, text_config: text, ...figures } = config.value;
    const activation = activationFromConfig(figures.projector_hidden_act);
    if (activation === null) return unsupported(`The activation "${figures.projector_hidden_act}"`);
    const widths = { inputWidth: vision.hidden_size, outputWidth: text.hidden_size ?? null };
    return ok({
      params: {
        ...widths,
        factor: figures.spatial_merge_size,
        activation,
        bias: figures.multimodal_projector_bias,
        // The norm is that of the language model.
        normEpsilon: text.rms_norm_eps,
      },
      took: ["Mistral 3's merger", describeWidths(widths)],
      file: 'config.json',
    });
  },
  keyLayouts: () => keyLayouts,
  demand: ({ params: { inputWidth } }) => ({ tokens: { channels: inputWidth ?? undefined } }),
  infer: ({ id, params, inputs, demands }) =>
    mergedTokens('The Mistral 3 merger', id, params, inputs.tokens, demands.tokens),
  summary: ({ factor, activation }) => `${factor} × ${factor} · ${activation}`,
  body: {
    kind: 'onnx',
    emit(g, { tokens }, { params, inputs, found: { widths, grid } }) {
      const { factor, activation, bias, normEpsilon } = params;
      const { input, output } = widths;
      const patches = dropPrefix(g, tokens, inputs.tokens.prefixTokens); // [views, N, inputs]
      const normed = norm(g, patches, 'norm', { kind: 'rms', epsilon: normEpsilon });
      const groups = foldGroups(g, normed, grid, factor, 'channel-by-channel'); // [views, N / factor², inputs · factor²]
      const merged = linear(g, groups, 'patch_merger.merging_layer', {
        inputs: input * factor ** 2,
        outputs: input,
        bias: false,
      }); // [views, N / factor², inputs]
      const wide = linear(g, merged, 'linear_1', { inputs: input, outputs: output, bias });
      const active = activate(g, wide, activation); // [views, N / factor², D]
      return { tokens: linear(g, active, 'linear_2', { inputs: output, outputs: output, bias }) };
    },
  },
});
