/** DeepSeek-VL 7B's projector: two encoders of the same grid, half of the channels each, then one map over both. */
import { z } from 'zod';
import { fail, ok } from '#engine/contract/outcome.ts';
import { error, type Problem } from '#engine/contract/problem.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { oneView, type WireOf } from '#engine/node/wire.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { gelu } from '#engine/onnx/operators.ts';
import { concatenate } from '#engine/onnx/shape-operators.ts';
import { fixedDim, type Value } from '#engine/onnx/value.ts';
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { configFile, foreign, modelTypeOf, readFigures } from '../config/published-config.ts';
import { projectorWidths, widthParams } from '../tokens/widths.ts';
import { prefixedLayout } from './names/prefixed-layout.ts';

const authorsNames: Readonly<Record<string, string>> = {
  high_res_vision_proj: 'high_up_proj',
  vision_proj: 'low_up_proj',
  proj: 'layers.1',
};

const layouts: readonly KeyLayout[] = [
  prefixedLayout('projector alone', ''),
  prefixedLayout('DeepSeek-VL, Hugging Face', 'model.aligner.'),
  {
    title: 'DeepSeek-VL',
    key: (name) => `aligner.${name.replace(/^\w+/, (module) => authorsNames[module] ?? module)}`,
    owns: (key) => key.startsWith('aligner.'),
  },
];

const schema = z.object({
  text_config: z.object({ hidden_size: z.int().optional() }).optional(),
  language_config: z.object({ hidden_size: z.int().optional() }).optional(),
  aligner_config: z
    .object({ params: z.object({ projector_type: z.string(), n_embed: z.int() }).partial() })
    .optional(),
});

export const hybridMlp = defineNode({
  type: 'projector/hybrid-mlp',
  version: 1,
  family: 'projector',
  title: 'Two-encoder MLP',
  about:
    'Gives each of two encoders half of the channels: what one saw of a patch finely and what the other knows of it go ' +
    'through a linear map of their own, stand side by side, and go through GELU and a map over both. Each token then holds ' +
    'both looks at its place, and there are no more tokens than of one encoder.',
  references: [
    {
      title: 'DeepSeek-VL: Towards Real-World Vision-Language Understanding',
      url: 'https://arxiv.org/abs/2403.05525',
    },
  ],
  params: { outputWidth: widthParams.outputWidth, ...weightParams },
  inputs: {
    high: { kind: 'tokens', title: 'Tokens of the large picture' },
    low: { kind: 'tokens', title: 'Tokens of the small picture' },
  },
  outputs: { tokens: { kind: 'tokens', title: 'Projected tokens' } },
  fromConfig(files) {
    const file = configFile(files, 'config.json');
    if (!file.ok) return file;
    const read = readFigures(schema, file.value, 'config.json');
    if (!read.ok) return read;
    const { text_config, language_config, aligner_config } = read.value;
    const isHybrid =
      modelTypeOf(file.value) === 'deepseek_vl_hybrid' ||
      aligner_config?.params.projector_type === 'low_high_hybrid_split_mlp_gelu';
    if (!isHybrid) return foreign('config.json describes no projector of two encoders.');
    const width = text_config?.hidden_size ?? language_config?.hidden_size;
    const outputWidth = aligner_config?.params.n_embed ?? width ?? null;
    const took = ["DeepSeek-VL's projector of two encoders"];
    return ok({ params: { outputWidth }, took, file: 'config.json' });
  },
  keyLayouts: () => layouts,
  infer({ id, params: { outputWidth }, inputs: { high, low }, demands }) {
    const problem = gridProblem(high, low);
    if (problem) return fail(problem);
    const widths = projectorWidths(id, { inputWidth: null, outputWidth }, high, demands.tokens);
    if (!widths.ok) return widths;
    const { output } = widths.value;
    if (output % 2 !== 0) {
      const message = `Two encoders cannot have half of ${output} channels each; choose an even output width.`;
      return fail(error('arrangement-unsupported', message, { param: 'outputWidth' }));
    }
    return ok({ outputs: { tokens: { ...high, channels: output } } });
  },
  summary: ({ outputWidth }) => `${outputWidth ?? 'as wide as asked'} · GELU`,
  body: {
    kind: 'onnx',
    emit(g, { high, low }, { outputs }) {
      const { channels } = outputs.tokens;
      const half = (x: Value, name: string) =>
        linear(g, x, name, { inputs: fixedDim(x, -1), outputs: channels / 2, bias: true });
      const halves = [half(high, 'high_res_vision_proj'), half(low, 'vision_proj')];
      const joined = gelu(g, concatenate(g, halves, 2, channels), 'none'); // [views, N, D]
      const square = { inputs: channels, outputs: channels, bias: true };
      return { tokens: linear(g, joined, 'proj', square) };
    },
  },
});

/** Both look at the same places of the same pictures. */
function gridProblem(high: WireOf<'tokens'>, low: WireOf<'tokens'>): Problem | null {
  const at = { port: 'low' };
  const views = (of: WireOf<'tokens'>) => (of.views ?? oneView).views;
  if (views(high) !== views(low)) {
    const message = `The large picture comes in ${views(high)} views, the small one in ${views(low)}; give both encoders the same pictures.`;
    return error('dimension-mismatch', message, at);
  }
  const counted = high.count.known && low.count.known;
  const same = high.count.tokens === low.count.tokens && high.prefixTokens === low.prefixTokens;
  if (counted && same) return null;
  const message = `One encoder gives ${high.count.tokens} tokens, the other ${low.count.tokens}, and they are joined place by place; choose sizes that give both the same grid.`;
  return error('dimension-mismatch', message, at);
}
