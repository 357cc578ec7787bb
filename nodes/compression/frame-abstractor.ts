/** mPLUG-video's abstractor: learned queries sum up all frames of a clip at once. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { itemsOf, knownCount, oneViewEach, viewsIn } from '#engine/node/wire.ts';
import { attend } from '#engine/onnx/blocks/attention.ts';
import { joinedProjections, projectAll } from '#engine/onnx/blocks/attention-projections.ts';
import { plainFeedForward } from '#engine/onnx/blocks/feed-forward.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { norm } from '#engine/onnx/blocks/norm.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { add } from '#engine/onnx/operators.ts';
import { concatenate, reshape } from '#engine/onnx/shape-operators.ts';
import { multiplyDims, type Dim, type Value } from '#engine/onnx/value.ts';
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { headProblem, projectorWidths, widthParams } from '../tokens/widths.ts';

const params = {
  ...widthParams,
  queryCount: {
    kind: 'integer',
    label: 'Queries',
    help: 'Learned questions; so many tokens come out of a clip, however many frames it has.',
    default: 128,
    min: 1,
    max: 65_536,
  },
  headCount: {
    kind: 'integer',
    label: 'Heads',
    help: 'Heads of attention.',
    default: 8,
    min: 1,
    max: 1024,
  },
  expansion: {
    kind: 'integer',
    label: 'Expansion',
    help: 'How many times wider the feed-forward is inside.',
    default: 4,
    min: 1,
    max: 64,
  },
  ...weightParams,
} as const;

const owned = /^(learnable_queries$|attn_pool\.|visual_fc\.)/;

const layouts: readonly KeyLayout[] = [
  { title: 'mPLUG-video', key: (name) => name, owns: (key) => owned.test(key) },
];

export const frameAbstractor = defineNode({
  type: 'compression/frame-abstractor',
  version: 1,
  family: 'compression',
  title: 'Frame abstractor',
  about:
    'A few learned queries look at the tokens of all frames of a clip together, once, and what they have found is given to ' +
    'the language model: as many tokens for a long clip as for a short one. It costs one layer of attention and one ' +
    "feed-forward. mPLUG-video's own encoder lets frames look at one another before and keeps one class token for the " +
    'whole clip; behind an encoder of single frames the queries see what each frame gives.',
  references: [
    {
      title:
        'Youku-mPLUG: A 10 Million Large-scale Chinese Video-Language Dataset for Pre-training and Benchmarks',
      url: 'https://arxiv.org/abs/2306.04362',
    },
  ],
  params,
  inputs: { tokens: { kind: 'tokens', title: 'Tokens of the frames' } },
  outputs: { tokens: { kind: 'tokens', title: 'Tokens of the clip' } },
  keyLayouts: () => layouts,
  demand: ({ params: { inputWidth } }) => ({ tokens: { channels: inputWidth ?? undefined } }),
  infer({ id, params: values, inputs: { tokens }, demands }) {
    const { channels } = tokens;
    const { headCount, queryCount } = values;
    const heads = headProblem(channels, headCount);
    if (heads) return fail(heads);
    if (!tokens.count.known) {
      const message =
        'How many tokens a frame has is decided by the picture, and frames are read together; wire the encoder before anything that selects tokens.';
      return fail(error('arrangement-unsupported', message, { port: 'tokens' }));
    }
    const widths = projectorWidths(id, values, tokens, demands.tokens);
    if (!widths.ok) return widths;
    const count = knownCount(queryCount);
    const wire = { ...tokens, ...oneViewEach(tokens), channels: widths.value.output, count };
    return ok({ outputs: { tokens: { ...wire, prefixTokens: 0, grid: null } } });
  },
  summary: ({ queryCount }) => `${queryCount} tokens a clip`,
  body: {
    kind: 'onnx',
    runsBy: 'item',
    dims: ({ inputs: { tokens } }) => {
      const frames = viewsIn(tokens) / itemsOf(tokens.views);
      return { seen: frames * tokens.count.tokens + 1 };
    },
    emit(g, { tokens }, { params: values, inputs: wires, outputs }) {
      const width = wires.tokens.channels;
      const [views, count] = tokens.shape as readonly [Dim, Dim];
      const all = reshape(g, tokens, [1, multiplyDims(views, count), width]); // [1, frames · N, D]
      const answers = g.scope('pool', () => poolFrames(g, all, width, values)); // [1, Q, D]
      g.tap('queries', answers);
      const projection = { inputs: width, outputs: outputs.tokens.channels, bias: true };
      return { tokens: linear(g, answers, 'visual_fc', projection) };
    },
  },
});

/**
 * Residuals begin at the normed queries; beside the tokens there is one learned key with a value. [1, M, D] → [1, Q, D]
 * Source: X-PLUG/Youku-mPLUG, models/vision_transformer.py (AttentionPool).
 */
function poolFrames(
  g: GraphBuilder,
  tokens: Value,
  width: number,
  { queryCount, headCount, expansion }: ParamValues<typeof params>,
): Value {
  const normed = (x: Value, name: string) =>
    norm(g, x, `attn_pool.${name}`, { kind: 'layer', epsilon: 1e-6 });
  const learned = (name: string, count: number) =>
    g.weight(g.tensor(name, [1, count, width], 'embedding'));
  const queries = normed(learned('learnable_queries', queryCount), 'norm1');
  const name = 'attn_pool.attn';
  const heads = { hiddenSize: width, headCount };
  const weights = { weight: `${name}.in_proj_weight`, bias: `${name}.in_proj_bias` };
  const projections = joinedProjections(g, weights, heads);
  const { query, key, value } = projectAll(g, queries, normed(tokens, 'normk'), projections);
  const count = tokens.shape[1] as Dim;
  const more = typeof count === 'number' ? count + 1 : 'seen';
  const withLearned = (x: Value, part: string) =>
    concatenate(g, [x, learned(`${name}.${part}`, 1)], 1, more);
  const seen = { query, key: withLearned(key, 'bias_k'), value: withLearned(value, 'bias_v') };
  const square = { inputs: width, outputs: width, bias: true };
  const found = linear(g, attend(g, seen, heads), `${name}.out_proj`, square);
  const sum = add(g, queries, found);
  const layers = { up: 'attn_pool.mlp.fc1', down: 'attn_pool.mlp.fc2' };
  const shape = {
    hiddenSize: width,
    feedForwardSize: expansion * width,
    activation: 'gelu',
    bias: true,
  } as const;
  return add(g, sum, plainFeedForward(g, normed(sum, 'norm2'), layers, shape));
}
