/** A mixture of experts in place of a language model's dense feed-forward. */
import { z } from 'zod';
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import type { FeedForwardHost } from '#engine/node/part.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { gatedFeedForward, plainFeedForward } from '#engine/onnx/blocks/feed-forward.ts';
import { routeToExperts, routerLogits } from '#engine/onnx/blocks/expert-routing.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { Value } from '#engine/onnx/value.ts';
import { configFile, foreign, modelTypeOf, readFigures } from '../config/published-config.ts';
import { layerChoiceParam } from '#engine/node/layer-choice.ts';
import { expertKeyLayouts } from './expert-names.ts';

const params = {
  experts: {
    kind: 'integer',
    label: 'Experts',
    help: 'Feed-forwards to choose from.',
    default: 4,
    min: 1,
    max: 256,
  },
  topK: {
    kind: 'integer',
    label: 'Experts a token',
    help: 'How many experts the router sends each token to.',
    default: 2,
    min: 1,
    max: 256,
  },
  layers: layerChoiceParam(
    'Which layers of the language model get experts; MoE-LLaVA has them in every second.',
    'every-second',
  ),
  renormalise: {
    kind: 'flag',
    label: 'Renormalise',
    help: 'The weights of the chosen experts are scaled to sum to one.',
    default: true,
  },
  start: {
    kind: 'choice',
    label: 'Experts start as',
    help: "Where the experts' weights come from.",
    default: 'own',
    options: [
      { value: 'own', label: 'Their own weights' },
      {
        value: 'copies',
        label: 'Copies of the dense layer',
        about:
          "Sparse upcycling: the state in which MoE-LLaVA begins to train. With renormalised weights the answer stays the dense model's.",
      },
    ],
  },
  ...weightParams,
} as const;

type MoeParams = ParamValues<typeof params>;

const mixtralSchema = z.object({
  num_local_experts: z.int().default(8),
  num_experts_per_tok: z.int().default(2),
});

export const feedForward = defineNode({
  type: 'moe/feed-forward',
  version: 1,
  family: 'moe',
  title: 'MoE feed-forward',
  about:
    'Replaces the feed-forward of a language model by several experts and a small router that sends each token to the few ' +
    'that suit it. The model holds the weights of all experts but computes with only some: more memory, about the same time.',
  references: [
    {
      title: 'MoE-LLaVA: Mixture of Experts for Large Vision-Language Models',
      url: 'https://arxiv.org/abs/2401.15947',
    },
    { title: 'Mixtral of Experts', url: 'https://arxiv.org/abs/2401.04088' },
  ],
  params,
  inputs: {},
  outputs: { part: { kind: 'feed-forward', title: 'Feed-forward part' } },
  fromConfig(files) {
    const file = configFile(files, 'config.json');
    if (!file.ok) return file;
    const type = modelTypeOf(file.value);
    if (type !== 'mixtral')
      return foreign(`config.json describes no experts that are built here; "${type}" has none.`);
    const config = readFigures(mixtralSchema, file.value, 'config.json');
    if (!config.ok) return config;
    const { num_local_experts: experts, num_experts_per_tok: topK } = config.value;
    return ok({
      params: { experts, topK, layers: 'all', renormalise: true, start: 'own' },
      took: ['Mixtral', `${experts} experts`, `${topK} a token`],
      file: 'config.json',
    });
  },
  keyLayouts: () => expertKeyLayouts,
  infer({ params: { experts, topK, layers } }) {
    if (topK > experts) {
      const message = `A token cannot go to ${topK} of ${experts} experts; set experts a token to ${experts} or fewer.`;
      return fail(error('param-invalid', message, { param: 'topK' }));
    }
    return ok({ outputs: { part: { kind: 'feed-forward', layers } } });
  },
  summary: ({ experts, topK, layers }) => `${experts} experts · top ${topK} · layers: ${layers}`,
  body: {
    kind: 'part',
    part: ({ params: values, withWeights }) => ({
      kind: 'feed-forward',
      layers: values.layers,
      emit: (g, x, host) => emitExperts(g, x, host, values, withWeights),
    }),
  },
});

/** x [1, T, D] → [1, T, D]. Names: `<host>.gate`, `<host>.experts.<e>.{gate,up,down}`. */
function emitExperts(
  g: GraphBuilder,
  x: Value,
  host: FeedForwardHost,
  values: MoeParams,
  withWeights: <Result>(g: GraphBuilder, body: () => Result) => Result,
): Value {
  const expert = (index: number, rows: Value): Value => {
    if (values.start === 'copies') return host.dense(rows);
    const base = `${host.name}.experts.${index}`;
    const names = { gate: `${base}.gate`, up: `${base}.up`, down: `${base}.down` };
    return withWeights(g, () =>
      host.gated ? gatedFeedForward(g, rows, names, host) : plainFeedForward(g, rows, names, host),
    );
  };
  const routing = { experts: values.experts, topK: values.topK, renormalise: values.renormalise };
  return routeToExperts(g, x, routing, {
    router: (rows) =>
      withWeights(g, () => routerLogits(g, rows, `${host.name}.gate`, values.experts)),
    expert,
  });
}
