/** LoRA: an adapter that was trained beside a model is added to its matrices as they are loaded. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import type { ChangedTensor } from '#engine/node/part.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { WeightExpression } from '#engine/onnx/weight.ts';
import { loraFromConfig } from './lora-config.ts';
import { loraLayouts } from './lora-names.ts';

const params = {
  rank: {
    kind: 'integer',
    label: 'Rank r',
    help: 'Columns of B and rows of A: how much an adapter can say.',
    default: 8,
    min: 1,
    max: 4096,
  },
  alpha: {
    kind: 'number',
    label: 'Alpha',
    help: 'The change is multiplied by alpha over r.',
    default: 16,
    min: 0,
    max: 65_536,
  },
  scaling: {
    kind: 'choice',
    label: 'Scaling',
    help: 'What alpha is divided by.',
    default: 'rank',
    options: [
      { value: 'rank', label: 'r' },
      { value: 'root', label: '√r', about: 'Rank-stabilised, so that a high rank still learns.' },
    ],
  },
  modules: {
    kind: 'text',
    label: 'Modules',
    help: 'The matrices that are changed, by the ends of their published names; all-linear means all of them.',
    default: 'q_proj, v_proj',
    maxCharacters: 2000,
    lines: 1,
  },
  weights: weightParams.weights,
} as const;

type LoraParams = ParamValues<typeof params>;

export const lora = defineNode({
  type: 'weights/lora',
  version: 1,
  family: 'weights',
  title: 'LoRA adapter',
  about:
    'To teach a large model something new, LoRA leaves its matrices W alone and trains two thin ones beside each: A, which ' +
    'maps to a few numbers, and B, which maps back. What was learned is the product B · A, a hundredth of the size. Added ' +
    'to W while the weights are loaded, it costs nothing when the model runs.',
  references: [
    {
      title: 'LoRA: Low-Rank Adaptation of Large Language Models',
      url: 'https://arxiv.org/abs/2106.09685',
    },
    {
      title: 'A Rank Stabilization Scaling Factor for Fine-Tuning with LoRA',
      url: 'https://arxiv.org/abs/2312.03732',
    },
  ],
  params,
  inputs: {},
  outputs: { part: { kind: 'weight-change', title: 'Weight change' } },
  fromConfig: loraFromConfig,
  keyLayouts: (_, host = []) => loraLayouts(host),
  infer({ params: values }) {
    if (modulesOf(values).length === 0) {
      const message =
        'An adapter of no module changes nothing; name one, such as q_proj, or all-linear.';
      return fail(error('param-invalid', message, { param: 'modules' }));
    }
    return ok({ outputs: { part: { kind: 'weight-change' } } });
  },
  summary: ({ rank, modules }) => `r ${rank} · ${modules}`,
  body: {
    kind: 'part',
    part: ({ params: values, withWeights }) => ({
      kind: 'weights',
      change: (g, weight, of) =>
        adapts(values, of) ? withWeights(g, () => adapted(g, weight, of, values)) : weight,
    }),
  },
});

const modulesOf = ({ modules }: LoraParams): readonly string[] =>
  modules.split(/[\s,]+/).filter((name) => name !== '');

const ending = '.weight';

/** Matrices only: what has other axes, or none, is left alone. */
function adapts(values: LoraParams, { shape, init, publishedNames }: ChangedTensor): boolean {
  if (init !== 'matrix' || shape.length !== 2) return false;
  const names = publishedNames
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, -ending.length));
  return modulesOf(values).some((module) =>
    names.some((name) =>
      // The table of words at the end is none of the layers meant.
      module === 'all-linear' ? !name.endsWith('lm_head') : `.${name}`.endsWith(`.${module}`),
    ),
  );
}

/** Names: `<matrix>.lora_A.weight` [r, in], `<matrix>.lora_B.weight` [out, r]. */
function adapted(
  g: GraphBuilder,
  weight: WeightExpression,
  { name, shape: [outputs = 0, inputs = 0] }: ChangedTensor,
  { rank, alpha, scaling }: LoraParams,
): WeightExpression {
  const module = name.slice(0, -ending.length);
  return {
    kind: 'low-rank',
    of: weight,
    down: g.tensor(`${module}.lora_A.weight`, [rank, inputs], 'matrix'),
    // Small where it is random, so that a model with a random adapter is still much like itself.
    up: g.tensor(`${module}.lora_B.weight`, [outputs, rank], 'embedding'),
    scale: alpha / (scaling === 'rank' ? rank : Math.sqrt(rank)),
  };
}
