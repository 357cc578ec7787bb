/** Grouped-query and multi-query attention out of a checkpoint of ordinary attention: heads of keys and values are pooled. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import type { ChangedTensor } from '#engine/node/part.ts';
import type { WeightExpression } from '#engine/onnx/weight.ts';

const params = {
  storedHeads: {
    kind: 'integer',
    label: 'Heads stored',
    help: 'Heads of keys and values in the checkpoint: as many as of queries, where attention is ordinary.',
    default: 32,
    min: 1,
    max: 1024,
  },
  heads: {
    kind: 'integer',
    label: 'Heads left',
    help: 'Heads of keys and values that the model is set to have: 1 is multi-query attention, a few are grouped-query.',
    default: 8,
    min: 1,
    max: 1024,
  },
  modules: {
    kind: 'text',
    label: 'Modules',
    help: 'The projections that are pooled, by the ends of their published names.',
    default: 'k_proj, v_proj',
    maxCharacters: 2000,
    lines: 1,
  },
} as const;

type GroupedQueryParams = ParamValues<typeof params>;

export const groupedQuery = defineNode({
  type: 'weights/grouped-query',
  version: 1,
  family: 'weights',
  title: 'Pool key/value heads',
  about:
    'A language model keeps keys and values of every token it has read, for each of its heads. Grouped-query attention lets ' +
    'several heads share one key and one value, so the cache is several times smaller; multi-query attention lets all heads ' +
    'share one. This makes such a model of one that was trained with a key and a value for each head: the matrices of the ' +
    'heads that are to share become their mean while the weights are loaded. Set the model itself to the heads that are ' +
    'left. The paper then trains it on for a twentieth of its training; before that it answers worse.',
  references: [
    {
      title: 'GQA: Training Generalized Multi-Query Transformer Models from Multi-Head Checkpoints',
      url: 'https://arxiv.org/abs/2305.13245',
    },
    {
      title: 'Fast Transformer Decoding: One Write-Head is All You Need',
      url: 'https://arxiv.org/abs/1911.02150',
    },
  ],
  params,
  inputs: {},
  outputs: { part: { kind: 'weight-change', title: 'Weight change' } },
  infer({ params: values }) {
    const { storedHeads, heads } = values;
    if (storedHeads % heads !== 0) {
      const message = `${storedHeads} heads cannot be pooled into ${heads} groups of one size; leave a number of heads that divides ${storedHeads}.`;
      return fail(error('arrangement-unsupported', message, { param: 'heads' }));
    }
    if (modulesOf(values).length === 0) {
      const message = 'Without a module nothing is pooled; name some, such as k_proj and v_proj.';
      return fail(error('param-invalid', message, { param: 'modules' }));
    }
    return ok({ outputs: { part: { kind: 'weight-change' } } });
  },
  summary: ({ storedHeads, heads }) =>
    `${storedHeads} → ${heads} key/value heads${heads === 1 ? ' · multi-query' : ''}`,
  body: {
    kind: 'part',
    part: ({ params: values }) => ({
      kind: 'weights',
      change: (_, weight, of) => (pools(values, of) ? pooled(weight, values) : weight),
    }),
  },
});

const modulesOf = ({ modules }: GroupedQueryParams): readonly string[] =>
  modules.split(/[\s,]+/).filter((name) => name !== '');

/** Weights [heads · d, D] and biases [heads · d]; what does not divide into the heads is left for the checkpoint's check. */
function pools(values: GroupedQueryParams, { shape, publishedNames }: ChangedTensor): boolean {
  const names = publishedNames.map((name) => `.${name.replace(/\.(weight|bias)$/, '')}`);
  const isNamed = modulesOf(values).some((module) =>
    names.some((name) => name.endsWith(`.${module}`)),
  );
  return isNamed && (shape[0] ?? 0) % values.heads === 0;
}

/** An adapter plugged in before is added to what is pooled: it was trained for the heads that are left. */
function pooled(weight: WeightExpression, values: GroupedQueryParams): WeightExpression {
  if (weight.kind === 'low-rank') return { ...weight, of: pooled(weight.of, values) };
  return weight.kind === 'tensor' ? meanOfHeads(weight, values) : weight;
}

/** Neighbouring heads share one: row r of new head j is the mean of the rows r of heads j · g up to (j + 1) · g. */
function meanOfHeads(
  left: Extract<WeightExpression, { kind: 'tensor' }>,
  { storedHeads, heads }: GroupedQueryParams,
): WeightExpression {
  const group = storedHeads / heads;
  if (group === 1) return left;
  const [rows = 0, ...rest] = left.shape;
  const count = rows / heads;
  const stored = { ...left, shape: [rows * group, ...rest] };
  const member = (place: number): WeightExpression => ({
    kind: 'concatenate',
    parts: Array.from({ length: heads }, (_, head) => ({
      kind: 'rows',
      of: stored,
      start: (head * group + place) * count,
      count,
    })),
  });
  const parts = Array.from({ length: group }, (_, place) => member(place));
  return { kind: 'multiple', of: { kind: 'sum', parts }, by: 1 / group };
}
