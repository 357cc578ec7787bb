/** Performer: attention as two products with features of queries and keys, instead of scores of all pairs. */
import { ok } from '#engine/contract/outcome.ts';
import { layerChoiceParam } from '#engine/node/layer-choice.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { joinHeads, splitHeads } from '#engine/onnx/blocks/attention-heads.ts';
import type { QueryKeyValue } from '#engine/onnx/blocks/attention-projections.ts';
import { activate } from '#engine/onnx/blocks/feed-forward.ts';
import { float, int, type GraphBuilder } from '#engine/onnx/graph-builder.ts';
import {
  add,
  divide,
  exponential,
  largest,
  matmul,
  multiply,
  subtract,
  sum,
} from '#engine/onnx/operators.ts';
import { padEnd, reshape, slice, split, transpose } from '#engine/onnx/shape-operators.ts';
import { fixedDim, type Dim, type Value } from '#engine/onnx/value.ts';
import type { KeyLayout, WeightExpression } from '#engine/onnx/weight.ts';

const params = {
  kernel: {
    kind: 'choice',
    label: 'Features',
    help: 'What the similarity of a query and a key is made of.',
    default: 'softmax',
    options: [
      {
        value: 'softmax',
        label: 'Softmax (FAVOR+)',
        about: 'Positive random features: the more there are, the nearer to ordinary attention.',
      },
      {
        value: 'relu',
        label: 'ReLU',
        about: 'Another similarity than softmax, which a model has to be trained with.',
      },
    ],
  },
  features: {
    kind: 'optional-integer',
    label: 'Features of a head',
    help: 'Random directions that each query and key is compared with; more are more exact and cost more.',
    default: null,
    min: 1,
    max: 4096,
    whenEmpty: 'd · ln d, d the channels of a head',
  },
  causal: {
    kind: 'flag',
    label: 'Look back only',
    help: 'Each token sees itself and those before it, as in models that were trained to continue a picture.',
    default: false,
  },
  layers: layerChoiceParam('Which blocks of the encoder attend so.', 'all'),
  weights: {
    ...weightParams.weights,
    help: 'The random directions: drawn from a seed, or those that were saved with a model that was trained with them.',
  },
} as const;

type PerformerParams = ParamValues<typeof params>;

const saved = /^layers\.(\d+)\.projection_matrix$/;
const inWholeModel = /^net\.layers\.layers\.\d+\.0\.fn\.fast_attention\.projection_matrix$/;

const layouts: readonly KeyLayout[] = [
  { title: 'by block', key: (name) => name, owns: (key) => saved.test(key) },
  {
    title: 'one block alone',
    key: (name) => name.replace(/^layers\.\d+\./, ''),
    owns: (key) => key === 'projection_matrix',
  },
  {
    title: 'Performer, performer-pytorch',
    key: (name) =>
      name.replace(saved, 'net.layers.layers.$1.0.fn.fast_attention.projection_matrix'),
    owns: (key) => inWholeModel.test(key),
  },
];

export const performer = defineNode({
  type: 'acceleration/performer',
  version: 1,
  family: 'acceleration',
  title: 'Performer',
  about:
    'In attention every token looks at every other, so twice the tokens cost four times the work. Performer describes each ' +
    'query and each key by features, how alike it is to a few hundred random directions, chosen so that the product of two ' +
    'descriptions is about what softmax would have made of their score. Keys and values are then summed up once, for all ' +
    'queries: the work grows only linearly. With softmax features a trained encoder can be tried as it is, at some loss; ' +
    'with few tokens it is slower than ordinary attention.',
  references: [
    { title: 'Rethinking Attention with Performers', url: 'https://arxiv.org/abs/2009.14794' },
  ],
  params,
  inputs: {},
  outputs: { part: { kind: 'encoder-part', title: 'Encoder part' } },
  keyLayouts: () => layouts,
  infer: ({ params: { layers } }) =>
    ok({
      outputs: {
        part: {
          kind: 'encoder-part',
          acts: { at: 'attention', layers, mostTokens: null, scoresKeys: false },
        },
      },
    }),
  summary: ({ kernel, features, causal, layers }) =>
    `${features ?? 'd · ln d'} ${kernel} features${causal ? ' · looks back' : ''} · blocks: ${layers}`,
  body: {
    kind: 'part',
    part: ({ params: values, withWeights }) => ({
      kind: 'attention',
      layers: values.layers,
      emit: (g, projected, host) =>
        withWeights(g, () =>
          g.scope('performer', () => attendByFeatures(g, projected, host, values)),
        ),
    }),
  },
});

/** Random directions [m, d] of one block, for all its heads. */
function directions(
  g: GraphBuilder,
  block: string,
  headSize: number,
  { features, weights }: PerformerParams,
): WeightExpression {
  const rows = features ?? Math.max(1, Math.floor(headSize * Math.log(headSize)));
  if (weights.kind === 'checkpoint')
    return g.tensor(`${block}.projection_matrix`, [rows, headSize], 'matrix');
  const of = { rows, columns: headSize, seed: weights.seed, use: block };
  return {
    kind: 'computed',
    shape: [rows, headSize],
    of: { table: 'random-directions', ...of },
  };
}

/** φ(q) (φ(k)ᵀ v) / φ(q) Σ φ(k). [B, N, H · d] each → [B, N, H · d] */
function attendByFeatures(
  g: GraphBuilder,
  projected: QueryKeyValue<Value>,
  { name, headCount }: { readonly name: string; readonly headCount: number },
  values: PerformerParams,
): Value {
  const headSize = fixedDim(projected.query, -1) / headCount;
  const chosen = g.weight(directions(g, name, headSize, values)); // [m, d]
  const featuresOf = (x: Value, side: Side) =>
    values.kernel === 'relu' ? reluFeatures(g, x, chosen) : softmaxFeatures(g, x, chosen, side);
  const asked = featuresOf(splitHeads(g, projected.query, headCount), 'query'); // [B, H, N, m]
  const found = featuresOf(splitHeads(g, projected.key, headCount), 'key'); // [B, H, N, m]
  // A value of 1 beside the others: what it becomes is what the others are divided by.
  const counted = withOne(g, splitHeads(g, projected.value, headCount)); // [B, H, N, d + 1]
  const mixed = values.causal
    ? mixBefore(g, asked, found, counted)
    : matmul(g, asked, matmulTransposed(g, found, counted)); // [B, H, N, d + 1]
  const [numerator, weight] = split(g, mixed, 3, [headSize, 1]) as [Value, Value];
  const denominator = values.causal ? add(g, weight, leastWeight(g, asked)) : weight;
  return joinHeads(g, divide(g, numerator, denominator));
}

type Side = 'query' | 'key';

/** x · Pᵀ · d^(-1/4): [B, H, N, d], [m, d] → [B, H, N, m] */
function alongDirections(g: GraphBuilder, x: Value, chosen: Value): Value {
  const [count, headSize] = chosen.shape as [number, number];
  const shape = [...x.shape.slice(0, -1), count];
  g.work(headSize, shape);
  return g.op(
    'FusedMatMul',
    [x, chosen],
    { type: 'float32', shape },
    { domain: 'com.microsoft', attributes: { transB: int(1), alpha: float(headSize ** -0.25) } },
  );
}

/**
 * exp(P x − |x|² / 2) with x times d^(-1/4), divided by its largest, which is that of each query, and that of all keys
 * together, since keys have to stay comparable. The common factor m^(-1/2) cancels out. [B, H, N, d] → [B, H, N, m]
 */
function softmaxFeatures(g: GraphBuilder, x: Value, chosen: Value, side: Side): Value {
  const along = alongDirections(g, x, chosen);
  const halfOfLength = g.scalar('float32', 0.5 * fixedDim(x, -1) ** -0.5);
  const length = multiply(g, sum(g, multiply(g, x, x), -1, true), halfOfLength); // [B, H, N, 1]
  const top = largest(g, along, side === 'query' ? [-1] : [-2, -1], true);
  const powers = exponential(g, subtract(g, along, add(g, length, top)));
  return add(g, powers, g.scalar('float32', 1e-4));
}

/** [B, H, N, d] → [B, H, N, m] */
function reluFeatures(g: GraphBuilder, x: Value, chosen: Value): Value {
  const positive = activate(g, alongDirections(g, x, chosen), 'relu');
  return add(g, positive, g.scalar('float32', 1e-3));
}

/** [B, H, N, d] → [B, H, N, d + 1], the last being 1. */
function withOne(g: GraphBuilder, x: Value): Value {
  const shape = [...x.shape.slice(0, -1), fixedDim(x, -1) + 1];
  const pads = g.list(0, 0, 0, 0, 0, 0, 0, 1);
  return g.op('Pad', [x, pads, g.scalar('float32', 1)], { type: 'float32', shape });
}

/** aᵀ b: [.., N, m], [.., N, d] → [.., m, d] */
function matmulTransposed(g: GraphBuilder, a: Value, b: Value): Value {
  const shape = [...a.shape.slice(0, -2), fixedDim(a, -1), fixedDim(b, -1)];
  g.work(fixedDim(a, -2), shape);
  return g.op(
    'FusedMatMul',
    [a, b],
    { type: 'float32', shape },
    { domain: 'com.microsoft', attributes: { transA: int(1) } },
  );
}

/** Tokens of which sums are kept only at the end, so that memory holds few of them. */
const chunkSize = 64;

/**
 * What each query makes of the keys up to its own place: sums over whole chunks before it, and scores within its chunk.
 * [B, H, N, m] twice, [B, H, N, d + 1] → [B, H, N, d + 1]
 */
function mixBefore(g: GraphBuilder, asked: Value, found: Value, counted: Value): Value {
  const [batch, heads, count] = asked.shape as [Dim, number, number];
  const size = Math.min(chunkSize, count);
  const chunks = Math.ceil(count / size);
  const cut = (x: Value): Value =>
    reshape(g, padEnd(g, x, 2, chunks * size), [batch, heads, chunks, size, fixedDim(x, -1)]);
  const [queries, keys, values] = [cut(asked), cut(found), cut(counted)] as const;
  const sums = matmulTransposed(g, keys, values); // [B, H, chunks, m, d + 1]
  const before = g.op('CumSum', [sums, g.scalar('int64', 2)], sums, {
    attributes: { exclusive: int(1) },
  });
  const scores = matmul(g, queries, transpose(g, keys, 0, 1, 2, 4, 3)); // [B, H, chunks, c, c]
  const seen = g.op('Trilu', [scores], scores, { attributes: { upper: int(0) } });
  const mixed = add(g, matmul(g, queries, before), matmul(g, seen, values));
  const channels = fixedDim(counted, -1);
  const joined = reshape(g, mixed, [batch, heads, chunks * size, channels]);
  return slice(g, joined, 2, g.list(0), g.list(count), count);
}

/** 1e-6 for every feature that has been summed up; times √m, as the features here lack the factor m^(-1/2). */
function leastWeight(g: GraphBuilder, asked: Value): Value {
  const least = g.scalar('float32', 1e-6 * Math.sqrt(fixedDim(asked, -1)));
  return multiply(g, sum(g, asked, -1, true), least); // [B, H, N, 1]
}
