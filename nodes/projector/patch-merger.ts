/** Qwen2-VL's projector: a norm, square groups of neighbouring tokens side by side, and an MLP on the wide tokens. */
import { z } from 'zod';
import { ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { dropPrefix } from '#engine/onnx/blocks/feature-map.ts';
import { mergePatches } from '#engine/onnx/blocks/patch-merger.ts';
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { configFile, foreign, modelTypeOf, readFigures } from '../config/published-config.ts';
import { describeWidths, widthParams } from '../tokens/widths.ts';
import { mergedSide, mergedTokens } from './params/merged-tokens.ts';
import { prefixedLayout } from './names/prefixed-layout.ts';

const keyLayouts: readonly KeyLayout[] = [
  prefixedLayout('projector alone', ''),
  prefixedLayout('Qwen2-VL and Qwen2.5-VL', 'visual.merger.'),
  prefixedLayout('Qwen2-VL and Qwen2.5-VL, since version 5', 'model.visual.merger.'),
];

const configSchema = z.object({
  vision_config: z
    .object({
      embed_dim: z.int().default(1280),
      hidden_size: z.int().optional(),
      out_hidden_size: z.int().default(3584),
      spatial_merge_size: z.int().default(2),
    })
    .prefault({}),
});
type VisionConfig = z.infer<typeof configSchema>['vision_config'];

interface Figures {
  readonly inputWidth: number;
  readonly outputWidth: number;
  readonly norm: 'layer' | 'rms';
}

/** By `model_type`: what each says its two widths by. */
const published: Readonly<
  Record<string, { readonly title: string; readonly figures: (config: VisionConfig) => Figures }>
> = {
  qwen2_vl: {
    title: 'Qwen2-VL',
    figures: ({ embed_dim, hidden_size = 3584 }) => ({
      inputWidth: embed_dim,
      outputWidth: hidden_size,
      norm: 'layer',
    }),
  },
  qwen2_5_vl: {
    title: 'Qwen2.5-VL',
    figures: ({ hidden_size = 1280, out_hidden_size }) => ({
      inputWidth: hidden_size,
      outputWidth: out_hidden_size,
      norm: 'rms',
    }),
  },
};

export const patchMerger = defineNode({
  type: 'projector/patch-merger',
  version: 1,
  family: 'projector',
  title: 'Patch merger',
  about:
    'Puts each 2 × 2 group of neighbouring tokens side by side in one token of four times the width and lets two linear ' +
    'layers make of it what the language model reads. A quarter of the tokens is left whatever the size of the picture, ' +
    'and nothing is thrown away before the layers have seen it; the first of them is wide and costs the most.',
  references: [
    {
      title:
        "Qwen2-VL: Enhancing Vision-Language Model's Perception of the World at Any Resolution",
      url: 'https://arxiv.org/abs/2409.12191',
    },
    { title: 'Qwen2.5-VL Technical Report', url: 'https://arxiv.org/abs/2502.13923' },
  ],
  params: {
    ...widthParams,
    factor: mergedSide,
    norm: {
      kind: 'choice',
      label: 'Norm',
      help: 'How each token is normalised before its group is put together.',
      default: 'layer',
      options: [
        { value: 'layer', label: 'LayerNorm', about: 'Qwen2-VL.' },
        { value: 'rms', label: 'RMSNorm', about: 'Qwen2.5-VL.' },
      ],
    },
    ...weightParams,
  },
  inputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  outputs: { tokens: { kind: 'tokens', title: 'Merged tokens' } },
  fromConfig(files) {
    const file = configFile(files, 'config.json');
    if (!file.ok) return file;
    const type = modelTypeOf(file.value);
    const row = Object.hasOwn(published, type) ? published[type] : undefined;
    if (!row) return foreign(`config.json describes no patch merger; "${type}" has none.`);
    const config = readFigures(configSchema, file.value, 'config.json');
    if (!config.ok) return config;
    const { vision_config: vision } = config.value;
    const figures = row.figures(vision);
    return ok({
      params: { ...figures, factor: vision.spatial_merge_size },
      took: [`${row.title}'s merger`, describeWidths(figures)],
      file: 'config.json',
    });
  },
  keyLayouts: () => keyLayouts,
  demand: ({ params: { inputWidth } }) => ({ tokens: { channels: inputWidth ?? undefined } }),
  infer: ({ id, params, inputs, demands }) =>
    mergedTokens('The patch merger', id, params, inputs.tokens, demands.tokens),
  summary: ({ factor, norm }) => `${factor} × ${factor} · ${norm} norm`,
  body: {
    kind: 'onnx',
    emit(g, { tokens }, { params: { factor, norm }, inputs, found: { widths, grid } }) {
      const patches = dropPrefix(g, tokens, inputs.tokens.prefixTokens); // [views, N, inputs]
      const names = { norm: 'ln_q', up: 'mlp.0', down: 'mlp.2' };
      const merged = mergePatches(g, patches, names, grid, {
        inputs: widths.input,
        outputs: widths.output,
        factor,
        norm: { kind: norm, epsilon: 1e-6 },
      });
      return { tokens: merged }; // [views, N / factor², D]
    },
  },
});
