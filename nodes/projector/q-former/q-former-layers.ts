/** The layers of a Q-Former: BERT's, in which every few look at the picture too. */
import { attend } from '#engine/onnx/blocks/attention.ts';
import {
  allBiased,
  projectAll,
  separateProjections,
  type AttentionShape,
} from '#engine/onnx/blocks/attention-projections.ts';
import {
  plainFeedForward,
  type Activation,
  type FeedForwardShape,
} from '#engine/onnx/blocks/feed-forward.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { normOfSum, type Norm } from '#engine/onnx/blocks/norm.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { concatenate, slice } from '#engine/onnx/shape-operators.ts';
import { fixedDim, type Dim, type Value } from '#engine/onnx/value.ts';

/** The figures of a Q-Former, by the names of its parameters. */
export interface QFormerShape {
  readonly queryCount: number;
  readonly hiddenSize: number;
  readonly layerCount: number;
  readonly headCount: number;
  readonly feedForwardSize: number;
  /** The picture is looked at in the first layer and in each that is so many further on. */
  readonly lookEvery: number;
  readonly activation: Activation;
  readonly normEpsilon: number;
  /** Does text go through the feed-forward of the queries? Through one of its own where left out. */
  readonly sharesFeedForward?: boolean;
}

/** Queries [B, Q, D] and the tokens of the text [B, T, D]; null where there is none. */
export interface QueriesAndText {
  readonly queries: Value;
  readonly text: Value | null;
}

/** Past the end of any axis. */
const end = 2 ** 31 - 1;

/**
 * Queries and text attend to one another; only queries look at the picture [B, N, Dv]. `joinedCount` is the number of
 * queries and text tokens together. → queries [B, Q, D]. Taps: `crossattention.query` and `crossattention.key`, as the last look has them.
 * Source: transformers, models/instructblip (InstructBlipQFormerModel).
 */
export function qFormerLayers(
  g: GraphBuilder,
  { queries, text }: QueriesAndText,
  picture: Value,
  shape: QFormerShape,
  joinedCount: Dim,
): Value {
  let state: QueriesAndText = { queries, text };
  for (let index = 0; index < shape.layerCount; index++) {
    state = g.scope(`layers.${index}`, () => {
      // Of the last layer nothing of the text is read.
      const endsHere = index + 1 === shape.layerCount;
      const attended = attendJointly(g, state, index, shape, joinedCount, endsHere);
      return finishLayer(g, attended, picture, index, shape);
    });
  }
  return state.queries;
}

const layerName = (index: number): string => `qformer.encoder.layer.${index}`;

const normOf = ({ normEpsilon }: QFormerShape): Norm => ({ kind: 'layer', epsilon: normEpsilon });

function attendJointly(
  g: GraphBuilder,
  { queries, text }: QueriesAndText,
  index: number,
  shape: QFormerShape,
  joinedCount: Dim,
  queriesOnly: boolean,
): QueriesAndText {
  const all = text ? concatenate(g, [queries, text], 1, joinedCount) : queries;
  const asking = queriesOnly ? queries : all;
  const name = `${layerName(index)}.attention`;
  const attended = attention(g, asking, all, name, shape);
  if (!text || queriesOnly) return { queries: attended, text: null };
  const count = shape.queryCount;
  return {
    queries: slice(g, attended, 1, g.list(0), g.list(count), count),
    text: slice(g, attended, 1, g.list(count), g.list(end), text.shape[1] as Dim),
  };
}

/** norm(x + attention(x, memory)); `name` is that of the projections and of what follows them. */
function attention(
  g: GraphBuilder,
  x: Value,
  memory: Value,
  name: string,
  shape: QFormerShape,
): Value {
  const { hiddenSize, headCount } = shape;
  const heads: AttentionShape = { hiddenSize, headCount, memorySize: fixedDim(memory, -1) };
  const own = (part: string) => `${name}.attention.${part}`;
  const names = { query: own('query'), key: own('key'), value: own('value') };
  const kind = name.slice(name.lastIndexOf('.') + 1);
  return g.scope(kind, () => {
    const projections = separateProjections(g, names, heads, allBiased);
    const projected = projectAll(g, x, memory, projections);
    g.tap(`${kind}.query`, projected.query);
    g.tap(`${kind}.key`, projected.key);
    const attended = attend(g, projected, heads);
    const square = { inputs: hiddenSize, outputs: hiddenSize, bias: true };
    const output = linear(g, attended, `${name}.output.dense`, square);
    return normOfSum(g, x, output, `${name}.output.LayerNorm`, normOf(shape));
  });
}

function finishLayer(
  g: GraphBuilder,
  { queries, text }: QueriesAndText,
  picture: Value,
  index: number,
  shape: QFormerShape,
): QueriesAndText {
  const layer = layerName(index);
  const looks = index % shape.lookEvery === 0;
  const seen = looks ? attention(g, queries, picture, `${layer}.crossattention`, shape) : queries;
  const through = (x: Value, of: '' | '_query') =>
    feedForward(g, x, `${layer}.intermediate${of}`, `${layer}.output${of}`, shape);
  return {
    queries: through(seen, '_query'),
    text: text && through(text, shape.sharesFeedForward === true ? '_query' : ''),
  };
}

function feedForward(
  g: GraphBuilder,
  x: Value,
  inner: string,
  outer: string,
  shape: QFormerShape,
): Value {
  const widths: FeedForwardShape = { ...shape, bias: true };
  return g.scope(outer.slice(outer.lastIndexOf('.') + 1), () => {
    const names = { up: `${inner}.dense`, down: `${outer}.dense` };
    const branch = plainFeedForward(g, x, names, widths);
    return normOfSum(g, x, branch, `${outer}.LayerNorm`, normOf(shape));
  });
}
