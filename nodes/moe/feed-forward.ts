/** A mixture of experts in place of a language model's dense feed-forward. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { layerWords, readLayers } from '#engine/node/layer-choice.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import type { FeedForwardHost } from '#engine/node/part.ts';
import { expertLoadTap } from '#engine/node/shows.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { gatedFeedForward, plainFeedForward } from '#engine/onnx/blocks/feed-forward.ts';
import type { ExpertChoice } from '#engine/onnx/blocks/expert-choice.ts';
import { routeToExperts, routerLogits } from '#engine/onnx/blocks/expert-routing.ts';
import { exactLinear } from '#engine/onnx/blocks/linear.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { multiply } from '#engine/onnx/operators.ts';
import type { Value } from '#engine/onnx/value.ts';
import { expertsFromConfig } from './expert-config.ts';
import { expertKeyLayouts } from './expert-names.ts';
import { expertFigures, expertParams, type ExpertFigures } from './expert-params.ts';
import { routingProblem, routings } from './routings.ts';
import { sharedExperts } from './shared-experts.ts';

const params = {
  ...expertParams,
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
    {
      title: 'DeepSeek-V2: A Strong, Economical, and Efficient Mixture-of-Experts Language Model',
      url: 'https://arxiv.org/abs/2405.04434',
    },
    {
      title: 'GShard: Scaling Giant Models with Conditional Computation and Automatic Sharding',
      url: 'https://arxiv.org/abs/2006.16668',
    },
    {
      title: 'Sparse Backpropagation for MoE Training',
      url: 'https://arxiv.org/abs/2310.00811',
    },
  ],
  params,
  inputs: {},
  outputs: { part: { kind: 'feed-forward', title: 'Feed-forward part' } },
  fromConfig: expertsFromConfig,
  keyLayouts: (values, host) => expertKeyLayouts(expertFigures(values).experts, host),
  infer({ params: values }) {
    const figures = expertFigures(values);
    const problem = routingProblem(figures.routing, figures);
    if (problem) return fail(problem);
    const layers = readLayers(figures);
    if (layers === null) {
      const message = `"${figures.layerList}" lists no layers; give whole numbers with commas between them, such as 1, 3, 5.`;
      return fail(error('param-invalid', message, { param: 'layerList' }));
    }
    return ok({ outputs: { part: { kind: 'feed-forward', layers } } });
  },
  summary(values) {
    const figures = expertFigures(values);
    const { experts, topK, shared } = figures;
    const layers = readLayers(figures) ?? 'all';
    const sharing = shared === 'none' ? [] : ['1 shared'];
    return [`${experts} experts`, `top ${topK}`, ...sharing, layerWords(layers)].join(' · ');
  },
  shows: [{ kind: 'expert-load' }],
  body: {
    kind: 'part',
    part: ({ node, params: values, withWeights }) => {
      const figures = { ...expertFigures(values), start: values.start, node };
      return {
        kind: 'feed-forward',
        layers: readLayers(figures) ?? 'all',
        emit: (g, x, host) => emitExperts(g, x, host, figures, withWeights),
      };
    },
  },
});

/**
 * x [1, T, D] → [1, T, D]. Names: `<host>.gate`, `<host>.experts.<e>.{gate,up,down}`, `<host>.shared.{gate,up,down}`,
 * and what the table of shared experts adds.
 */
function emitExperts(
  g: GraphBuilder,
  x: Value,
  host: FeedForwardHost,
  figures: ExpertFigures & Pick<MoeParams, 'start'> & { readonly node: string },
  withWeights: <Result>(g: GraphBuilder, body: () => Result) => Result,
): Value {
  const { experts, topK, routing, scale, shared, start, expertSize, sharedSize } = figures;
  const own = (name: string, rows: Value, width: number | null): Value => {
    if (start === 'copies') return host.dense(rows);
    const base = `${host.name}.${name}`;
    const names = { gate: `${base}.gate`, up: `${base}.up`, down: `${base}.down` };
    const shape = { ...host, feedForwardSize: width ?? host.feedForwardSize };
    return withWeights(g, () =>
      host.gated
        ? gatedFeedForward(g, rows, names, shape)
        : plainFeedForward(g, rows, names, shape),
    );
  };
  const chosen = routeToExperts(g, x, {
    experts,
    topK,
    loadTap: expertLoadTap(figures.node, layerOf(host)),
    router: (rows) => withWeights(g, () => routerLogits(g, rows, `${host.name}.gate`, experts)),
    choose: (logits) => scaled(g, routings[routing].choose(g, logits, figures), scale),
    expert: (index, rows) => own(`experts.${index}`, rows, expertSize),
  });
  return sharedExperts[shared].join(g, {
    chosen,
    shared: () => g.scope('shared', () => own('shared', x, sharedSize)),
    weigh: (name, outputs, bias) => {
      const shape = { inputs: host.hiddenSize, outputs, bias };
      return withWeights(g, () => exactLinear(g, x, `${host.name}.${name}`, shape));
    },
  });
}

/** Of `model.layers.3.mlp` 3; of a block alone 0. */
const layerOf = ({ name }: FeedForwardHost): number => Number(/\.(\d+)\./.exec(name)?.[1] ?? 0);

const scaled = (
  g: GraphBuilder,
  { experts, weights }: ExpertChoice,
  scale: number,
): ExpertChoice => ({
  experts,
  weights: scale === 1 ? weights : multiply(g, weights, g.scalar('float32', scale)),
});
