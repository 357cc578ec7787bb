/** CuMo's projector: several MLPs, of which a router chooses a few for each visual token. */
import { z } from 'zod';
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { chooseBest } from '#engine/onnx/blocks/expert-choice.ts';
import { routeToExperts, routerLogits } from '#engine/onnx/blocks/expert-routing.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { gelu } from '#engine/onnx/operators.ts';
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { configFile, foreign, modelTypeOf, readFigures } from '../config/published-config.ts';
import { describeWidths, projectorWidths, widthParams } from '../tokens/widths.ts';
import { prefixedLayout } from './names/prefixed-layout.ts';

const keyLayouts: readonly KeyLayout[] = [
  prefixedLayout('projector alone', ''),
  prefixedLayout('CuMo', 'model.mm_projector.'),
];

const cumoSchema = z.object({
  mm_projector_type: z.string().optional(),
  mm_hidden_size: z.int().optional(),
  hidden_size: z.int().optional(),
  /** Each adds the features of the picture at another size. */
  scales: z.array(z.int()).default([1]),
  num_experts: z.int().default(4),
  num_selected: z.int().default(2),
});

export const moeMlp = defineNode({
  type: 'projector/moe-mlp',
  version: 1,
  family: 'projector',
  title: 'MoE projector',
  about:
    'Has several MLP projectors in place of one, and a small router that sends each visual token to the few that suit it; ' +
    'what they give is mixed by their probabilities. Tokens of print, faces or sky may so be translated by different hands. ' +
    'All experts lie in memory, each token pays only for those it goes to. CuMo starts all of them as copies of one ' +
    'trained MLP.',
  references: [
    {
      title: 'CuMo: Scaling Multimodal LLM with Co-Upcycled Mixture-of-Experts',
      url: 'https://arxiv.org/abs/2405.05949',
    },
  ],
  params: {
    ...widthParams,
    experts: {
      kind: 'integer',
      label: 'Experts',
      help: 'MLPs to choose from.',
      default: 4,
      min: 1,
      max: 64,
    },
    topK: {
      kind: 'integer',
      label: 'Experts a token',
      help: 'How many experts the router sends each token to.',
      default: 2,
      min: 1,
      max: 64,
    },
    ...weightParams,
  },
  inputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  outputs: { tokens: { kind: 'tokens', title: 'Projected tokens' } },
  fromConfig(files) {
    const file = configFile(files, 'config.json');
    if (!file.ok) return file;
    const config = readFigures(cumoSchema, file.value, 'config.json');
    if (!config.ok) return config;
    const { mm_projector_type: type, scales, mm_hidden_size: width, ...figures } = config.value;
    if (type !== 'smoe_mlp')
      return foreign(
        `config.json describes no MoE projector; what it has is "${type ?? modelTypeOf(file.value)}".`,
      );
    const widths = {
      inputWidth: width === undefined ? null : width * scales.length,
      outputWidth: figures.hidden_size ?? null,
    };
    const { num_experts: experts, num_selected: topK } = figures;
    return ok({
      params: { ...widths, experts, topK },
      took: ["CuMo's projector", `${experts} experts`, `${topK} a token`, describeWidths(widths)],
      file: 'config.json',
    });
  },
  keyLayouts: () => keyLayouts,
  demand: ({ params: { inputWidth } }) => ({ tokens: { channels: inputWidth ?? undefined } }),
  infer({ id, params, inputs, demands }) {
    const { experts, topK } = params;
    if (topK > experts) {
      const message = `A token cannot go to ${topK} of ${experts} experts; set experts a token to ${experts} or fewer.`;
      return fail(error('param-invalid', message, { param: 'topK' }));
    }
    const widths = projectorWidths(id, params, inputs.tokens, demands.tokens);
    if (!widths.ok) return widths;
    return ok({
      outputs: { tokens: { ...inputs.tokens, channels: widths.value.output } },
      found: widths.value,
    });
  },
  summary: ({ experts, topK }) => `${experts} experts · top ${topK}`,
  body: {
    kind: 'onnx',
    // Which tokens an expert is given differs from view to view.
    runsBy: 'view',
    emit(g, { tokens }, { params: { experts, topK }, found: { input, output } }) {
      const mixed = routeToExperts(g, tokens, {
        experts,
        topK,
        outputs: output,
        choose: (logits) => chooseBest(g, logits, { topK, renormalise: true }),
        router: (rows) => routerLogits(g, rows, 'gate', experts),
        expert(index, rows) {
          const first = { inputs: input, outputs: output, bias: true };
          const second = { inputs: output, outputs: output, bias: true };
          const hidden = linear(g, rows, `experts.${index}.0`, first); // [n, D]
          return linear(g, gelu(g, hidden, 'none'), `experts.${index}.2`, second);
        },
      });
      return { tokens: mixed }; // [1, N, D]
    },
  },
});
