/** Reformer layers: hashed attention and feed-forward in reversible residuals, then the width of the language model. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { plainFeedForward } from '#engine/onnx/blocks/feed-forward.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { lshAttention } from '#engine/onnx/blocks/lsh-attention.ts';
import { norm } from '#engine/onnx/blocks/norm.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { add } from '#engine/onnx/operators.ts';
import { concatenate } from '#engine/onnx/shape-operators.ts';
import { fixedDim, type Value } from '#engine/onnx/value.ts';
import { chunkSizeOf, describeHashing, hashingParams, hashingProblem } from '../tokens/hashing.ts';
import { headProblem, projectorWidths, widthParams } from '../tokens/widths.ts';
import { prefixedLayout } from './names/prefixed-layout.ts';

const params = {
  layerCount: {
    kind: 'integer',
    label: 'Layers',
    help: 'Each has attention and a feed-forward.',
    default: 6,
    min: 1,
    max: 128,
  },
  headCount: {
    kind: 'integer',
    label: 'Heads',
    help: 'Into how many heads the width of the tokens is cut.',
    default: 8,
    min: 1,
    max: 1024,
  },
  feedForwardSize: {
    kind: 'integer',
    label: 'Feed-forward',
    help: 'Channels inside the feed-forward.',
    default: 2048,
    min: 1,
    max: 65_536,
  },
  ...hashingParams,
  ...widthParams,
  ...weightParams,
} as const;

type ReformerParams = ParamValues<typeof params>;

const keyLayouts = [prefixedLayout('layers alone', ''), prefixedLayout('in a model', 'reformer.')];

const bytesOfNumber = 4;

/**
 * What training would have to keep of one view until the gradients come back, in bytes: of every layer its two sums and
 * what is inside, or, where the sums are worked out again from those behind them, the last sums and the inside of one layer.
 */
export function trainingActivations(
  { layerCount, headCount, feedForwardSize, hashes, ...hashing }: ReformerParams,
  { tokens, width }: { readonly tokens: number; readonly width: number },
): { readonly keptBytes: number; readonly reversibleBytes: number } {
  const sums = 2 * tokens * width;
  const normed = 2 * tokens * width;
  const chunk = chunkSizeOf({ ...hashing, hashes }, tokens);
  // Queries and values, as they are and as they lie sorted, what comes of them, and the shares of each query.
  const attending = tokens * (3 * width + 2 * hashes * width + 2 * hashes * headCount * chunk);
  const inside = normed + attending + 2 * tokens * feedForwardSize;
  return {
    keptBytes: bytesOfNumber * layerCount * (sums + inside),
    reversibleBytes: bytesOfNumber * (sums + inside),
  };
}

export const reformer = defineNode({
  type: 'projector/reformer',
  version: 1,
  family: 'projector',
  title: 'Reformer layers',
  about:
    'Transformer layers over the visual tokens in which each token looks at those that hashing finds alike, so that thousands ' +
    'of tokens are no problem. Their sums are reversible: there are two of them, each layer adds to the one what it makes of ' +
    'the other, so the sums before a layer follow from those behind it. Training then keeps the activations of one layer ' +
    'instead of all, and works the others out again, which costs about a third more time. A run looks the same either way.',
  references: [
    { title: 'Reformer: The Efficient Transformer', url: 'https://arxiv.org/abs/2001.04451' },
    {
      title: 'The Reversible Residual Network: Backpropagation Without Storing Activations',
      url: 'https://arxiv.org/abs/1707.04585',
    },
  ],
  params,
  inputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  outputs: { tokens: { kind: 'tokens', title: 'Projected tokens' } },
  keyLayouts: () => keyLayouts,
  demand: ({ params: { inputWidth } }) => ({ tokens: { channels: inputWidth ?? undefined } }),
  infer({ id, params: values, inputs: { tokens }, demands }) {
    const widths = projectorWidths(id, values, tokens, demands.tokens);
    if (!widths.ok) return widths;
    const { input: width, output } = widths.value;
    const problem = hashingProblem(values) ?? headProblem(width, values.headCount);
    if (problem) return fail(problem);
    if (!tokens.count.known) {
      const message =
        'Reformer layers sort their tokens, of which the picture decides how many come; place them before anything that does so.';
      return fail(error('arrangement-unsupported', message, { port: 'tokens' }));
    }
    return ok({
      outputs: { tokens: { ...tokens, channels: output } },
      found: {
        width: output,
        training: trainingActivations(values, { tokens: tokens.count.tokens, width }),
      },
    });
  },
  layers: ({ layerCount }) => layerCount,
  summary: (values) => {
    const { layerCount } = values;
    const saved = layerCount === 1 ? '' : ` · training keeps 1 layer of ${layerCount}`;
    return `${layerCount} reversible layers · ${describeHashing(values)}${saved}`;
  },
  body: {
    kind: 'onnx',
    emit(g, { tokens }, { params: values, found: { width } }) {
      const channels = fixedDim(tokens, -1);
      let sums: Sums = { first: tokens, second: tokens };
      for (let layer = 0; layer < values.layerCount; layer++)
        sums = g.scope(`layers.${layer}`, () => reversibleLayer(g, sums, layer, values));
      g.tap('first', sums.first);
      g.tap('second', sums.second);
      const both = concatenate(g, [sums.first, sums.second], 2, 2 * channels); // [views, N, 2D]
      const normed = norm(g, both, 'encoder.layer_norm', normKind);
      const shape = { inputs: 2 * channels, outputs: width, bias: true };
      return { tokens: linear(g, normed, 'projection', shape) };
    },
  },
});

/** The two running sums, [views, N, D] each. */
interface Sums {
  readonly first: Value;
  readonly second: Value;
}

const normKind = { kind: 'layer', epsilon: 1e-12 } as const;

/** y₁ = x₁ + attention(x₂), y₂ = x₂ + feedForward(y₁), so that x₂ = y₂ − feedForward(y₁) and x₁ = y₁ − attention(x₂). */
function reversibleLayer(
  g: GraphBuilder,
  { first, second }: Sums,
  layer: number,
  values: ReformerParams,
): Sums {
  const name = `encoder.layers.${layer}`;
  const attended = add(g, first, attention(g, second, `${name}.attention`, values));
  const feedForward = `${name}.feed_forward`;
  const normed = norm(g, attended, `${feedForward}.layer_norm`, normKind);
  const names = { up: `${feedForward}.dense.dense`, down: `${feedForward}.output.dense` };
  const branch = plainFeedForward(g, normed, names, {
    hiddenSize: fixedDim(first, -1),
    feedForwardSize: values.feedForwardSize,
    activation: 'relu',
    bias: true,
  });
  return { first: attended, second: add(g, second, branch) };
}

/** [views, N, D] → [views, N, D], without the residual. */
function attention(g: GraphBuilder, x: Value, name: string, values: ReformerParams): Value {
  const width = fixedDim(x, -1);
  const square = { inputs: width, outputs: width, bias: false };
  const normed = norm(g, x, `${name}.layer_norm`, normKind);
  const query = linear(g, normed, `${name}.self_attention.query_key`, square);
  const value = linear(g, normed, `${name}.self_attention.value`, square);
  const attended = lshAttention(g, query, value, {
    headCount: values.headCount,
    hashes: values.hashes,
    buckets: values.buckets,
    chunkSize: chunkSizeOf(values, fixedDim(x, 1)),
    seed: values.seed,
    use: name,
  });
  return linear(g, attended, `${name}.output.dense`, square);
}
