/**
 * Bipartite soft matching: every second token is a source, the others are destinations, and the sources most like
 * a destination are added to it. Source: facebookresearch/ToMe, tome/merge.py.
 */
import { int, type GraphBuilder } from '../graph-builder.ts';
import {
  add,
  cast,
  divide,
  equal,
  euclideanNorm,
  largest,
  matmul,
  multiply,
  range,
  subtract,
  topK,
} from '../operators.ts';
import {
  concatenate,
  padEnd,
  repeatAs,
  slice,
  squeeze,
  transpose,
  unsqueeze,
} from '../shape-operators.ts';
import { fixedDim, type Dim, type Value } from '../value.ts';

/** Sums of what goes together: [B, N, C] → [B, N − count, C]. */
type Merge = (x: Value) => Value;

/** How many of these tokens can go at most: each needs a partner, and those of the prefix stay. */
export const mostMerged = (tokens: number, prefixTokens: number): number =>
  Math.max(0, Math.floor((tokens - prefixTokens) / 2));

/** Far below every similarity. */
const protectedScore = -1e30;

/**
 * Pairs by the cosine of `metric` [B, N, d], the `count` best of them. Tokens of the prefix are neither moved nor
 * merged into. Behind the prefix come the sources that stay (in order where there is a prefix, else the least alike
 * last), then all destinations.
 */
function matchTokens(g: GraphBuilder, metric: Value, count: number, prefixTokens: number): Merge {
  const tokens = fixedDim(metric, 1);
  const sources = Math.ceil(tokens / 2);
  const destinations = tokens - sources;
  const unit = divide(g, metric, euclideanNorm(g, metric, -1, true));
  const others = transpose(g, everySecond(g, unit, 1, destinations), 0, 2, 1);
  const similarity = matmul(g, everySecond(g, unit, 0, sources), others); // [B, S, D]
  const scores = protect(g, similarity, prefixTokens);
  const best = topK(g, scores, g.list(1), 1); // [B, S, 1]
  const order = topK(g, squeeze(g, best.values, 2), g.list(sources), sources).indices;
  const going = slice(g, order, 1, g.list(0), g.list(count), count); // [B, count]
  const left = sources - count;
  const rest = slice(g, order, 1, g.list(count), g.list(sources), left);
  const staying = prefixTokens > 0 ? topK(g, rest, g.list(left), left, 'smallest').values : rest;
  const partner = g.op('GatherElements', [squeeze(g, best.indices, 2), going], going, {
    attributes: { axis: int(1) },
  });
  const places = unsqueeze(g, countUp(g, destinations), 1); // [D, 1]
  const isPartner = cast(g, equal(g, places, unsqueeze(g, partner, 1)), 'float32'); // [B, D, count]
  return (x) => {
    const from = everySecond(g, x, 0, sources);
    const moved = matmul(g, isPartner, pick(g, from, going));
    const into = add(g, everySecond(g, x, 1, destinations), moved);
    return joinBehindPrefix(g, pick(g, from, staying), into, prefixTokens);
  };
}

/** Tokens on their way through rounds of merging. */
export interface MergedTokens {
  /** [B, N, C] */
  readonly tokens: Value;
  /** How many of the first tokens each stands for, [B, N, 1]; null before the first round, where it is one. */
  readonly size: Value | null;
  /** Which those are, [B, N, N₀] of ones and zeros; built only if asked for. */
  readonly source: () => Value;
}

export function unmerged(g: GraphBuilder, tokens: Value): MergedTokens {
  // One channel is all that a branch which builds the source holds of the tokens.
  const channel = slice(g, tokens, 2, g.list(0), g.list(1), 1);
  return { tokens, size: null, source: () => ownSource(g, channel) };
}

/** One round: the `count` most alike, or as many as can be, go into their partners, by the mean over all that they stand for. */
export function mergeAlike(
  g: GraphBuilder,
  before: MergedTokens,
  metric: Value,
  count: number,
  prefixTokens: number,
): MergedTokens {
  const { tokens, size } = before;
  const going = Math.min(count, mostMerged(fixedDim(tokens, 1), prefixTokens));
  if (going === 0) return before;
  const merge = matchTokens(g, metric, going, prefixTokens);
  const sizes = size ?? ownSize(g, tokens);
  const total = merge(sizes);
  const sums = merge(multiply(g, tokens, sizes));
  return { tokens: divide(g, sums, total), size: total, source: () => merge(before.source()) };
}

/** Every token of `like` [B, N, ..] stands for itself: [B, N, 1]. */
function ownSize(g: GraphBuilder, like: Value): Value {
  const one = g.constant('float32', [1, 1, 1], [1]);
  return repeatAs(g, repeatAs(g, one, 0, like, 0), 1, like, 1);
}

/**
 * Every token is made of itself, by one channel of all of them [B, N, 1]: [B, N, N]. It is made from values of the run, as it may stand in a branch: what ONNX
 * Runtime 1.30 computes ahead in one it saves twice, and then refuses to load.
 */
function ownSource(g: GraphBuilder, channel: Value): Value {
  const count = fixedDim(channel, 1);
  const isThere = equal(g, channel, channel); // [B, N, 1], all true
  const one = largest(g, cast(g, isThere, 'int64'), [0, 1, 2], false); // []
  const places = range(g, subtract(g, one, g.scalar('int64', 1)), g.scalar('int64', count), count);
  const same = equal(g, unsqueeze(g, places, 1), unsqueeze(g, places, 0));
  return multiply(g, cast(g, same, 'float32'), cast(g, isThere, 'float32'));
}

function countUp(g: GraphBuilder, count: number): Value {
  return range(g, g.scalar('int64', 0), g.scalar('int64', count), count);
}

/** Entries `start`, `start` + 2 … of the second axis, `count` of them. */
function everySecond(g: GraphBuilder, x: Value, start: 0 | 1, count: number): Value {
  const end = g.list(Number.MAX_SAFE_INTEGER);
  return g.op('Slice', [x, g.list(start), end, g.list(1), g.list(2)], {
    type: x.type,
    shape: [x.shape[0] as Dim, count, ...x.shape.slice(2)],
  });
}

/** Rows of x [B, N, C] by places [B, n]. → [B, n, C] */
function pick(g: GraphBuilder, x: Value, places: Value): Value {
  return g.op(
    'GatherND',
    [x, unsqueeze(g, places, 2)],
    { type: x.type, shape: [...places.shape, x.shape[2] as Dim] },
    { attributes: { batch_dims: int(1) } },
  );
}

/** Prefix tokens are sources and destinations by turns; neither kind is to be anyone's best. */
function protect(g: GraphBuilder, similarity: Value, prefixTokens: number): Value {
  const [, sources, destinations] = similarity.shape as [Dim, number, number];
  const hide = (count: number, length: number): Value => {
    const hidden = Array.from({ length: count }, () => protectedScore);
    return padEnd(g, g.constant('float32', [count], hidden), 0, length);
  };
  const rows = Math.ceil(prefixTokens / 2);
  const columns = prefixTokens - rows;
  const byRow = rows > 0 ? add(g, similarity, unsqueeze(g, hide(rows, sources), 1)) : similarity;
  return columns > 0 ? add(g, byRow, hide(columns, destinations)) : byRow;
}

function joinBehindPrefix(
  g: GraphBuilder,
  staying: Value,
  into: Value,
  prefixTokens: number,
): Value {
  const lists = [staying, into] as const;
  const lengths = lists.map((list) => fixedDim(list, 1));
  const total = (lengths[0] as number) + (lengths[1] as number);
  const cut = (list: number, from: number, to: number): Value =>
    slice(g, lists[list] as Value, 1, g.list(from), g.list(to), to - from);
  if (prefixTokens < 2) return concatenate(g, lists, 1, total);
  const prefix = Array.from({ length: prefixTokens }, (_, token) => {
    const place = Math.floor(token / 2);
    return cut(token % 2, place, place + 1);
  });
  const behind = lengths.map((length, list) =>
    cut(list, Math.ceil((prefixTokens - list) / 2), length),
  );
  return concatenate(g, [...prefix, ...behind], 1, total);
}
