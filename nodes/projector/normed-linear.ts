/** Gemma 3's projector: a norm and one matrix. */
import { z } from 'zod';
import { ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { norm } from '#engine/onnx/blocks/norm.ts';
import { matmul } from '#engine/onnx/operators.ts';
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { configFile, foreign, modelTypeOf, readFigures } from '../config/published-config.ts';
import { describeWidths, projectorWidths, widthParams } from '../tokens/widths.ts';
import { prefixedLayout } from './names/prefixed-layout.ts';

const keyLayouts: readonly KeyLayout[] = [
  prefixedLayout('projector alone', ''),
  prefixedLayout('Gemma 3, Hugging Face', 'multi_modal_projector.'),
  prefixedLayout('Gemma 3, Hugging Face, since version 5', 'model.multi_modal_projector.'),
];

const configSchema = z.object({
  vision_config: z.object({ hidden_size: z.int().default(1152) }).prefault({}),
  text_config: z.object({ hidden_size: z.int().default(2304) }).prefault({}),
});

export const normedLinear = defineNode({
  type: 'projector/normed-linear',
  version: 1,
  family: 'projector',
  title: 'Norm and matrix',
  about:
    'Normalises each visual token and maps it to the width of the language model by a single matrix without a bias. ' +
    'Gemma 3 has it behind a pooling of its tokens: the norm brings the means of neighbours, which are shorter than the ' +
    'tokens themselves, back to one length. Hardly anything is cheaper.',
  references: [{ title: 'Gemma 3 Technical Report', url: 'https://arxiv.org/abs/2503.19786' }],
  // The matrix is stored with its inputs first, a form that no weight-only precision has; it is small.
  params: { ...widthParams, weights: weightParams.weights },
  inputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  outputs: { tokens: { kind: 'tokens', title: 'Projected tokens' } },
  fromConfig(files) {
    const file = configFile(files, 'config.json');
    if (!file.ok) return file;
    const type = modelTypeOf(file.value);
    if (type !== 'gemma3')
      return foreign(`config.json describes no norm and matrix; "${type}" has none.`);
    const config = readFigures(configSchema, file.value, 'config.json');
    if (!config.ok) return config;
    const { vision_config: vision, text_config: text } = config.value;
    const widths = { inputWidth: vision.hidden_size, outputWidth: text.hidden_size };
    return ok({
      params: widths,
      took: ["Gemma 3's projector", describeWidths(widths)],
      file: 'config.json',
    });
  },
  keyLayouts: () => keyLayouts,
  demand: ({ params: { inputWidth } }) => ({ tokens: { channels: inputWidth ?? undefined } }),
  infer({ id, params, inputs, demands }) {
    const widths = projectorWidths(id, params, inputs.tokens, demands.tokens);
    if (!widths.ok) return widths;
    return ok({
      outputs: { tokens: { ...inputs.tokens, channels: widths.value.output } },
      found: widths.value,
    });
  },
  summary: () => 'RMSNorm, one matrix',
  body: {
    kind: 'onnx',
    emit(g, { tokens }, { found: { input, output } }) {
      const normed = norm(g, tokens, 'mm_soft_emb_norm', { kind: 'rms-one-plus', epsilon: 1e-6 });
      const matrix = g.weight(g.tensor('mm_input_projection_weight', [input, output], 'matrix'));
      return { tokens: matmul(g, normed, matrix) }; // [views, N, D]
    },
  },
});
