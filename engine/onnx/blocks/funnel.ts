/** Blocks of a Funnel Transformer: relative attention, and between blocks every two tokens become one. */
import type { GraphBuilder } from '../graph-builder.ts';
import { add, cast, largest, matmul, mean, multiply, negate } from '../operators.ts';
import { concatenate, gather, reshape, slice, transpose, unsqueeze } from '../shape-operators.ts';
import { fixedDim, type Dim, type Value } from '../value.ts';
import { attend } from './attention.ts';
import { splitHeads } from './attention-heads.ts';
import { plainFeedForward, type Activation } from './feed-forward.ts';
import { distancesOf, pooledPlaces, type FunnelDistances } from './funnel-places.ts';
import { funnelTypeBias, type FunnelTypes } from './funnel-types.ts';
import { linear, linearWeights, linearWith } from './linear.ts';
import { normOfSum } from './norm.ts';

export interface FunnelShape {
  readonly hiddenSize: number;
  readonly headCount: number;
  readonly headSize: number;
  readonly feedForwardSize: number;
  readonly activation: Activation;
  readonly normEpsilon: number;
  readonly pooling: 'mean' | 'max';
  readonly blocks: readonly FunnelBlock[];
}

export interface FunnelBlock {
  readonly layers: number;
  /** How often each layer runs, one time after the other with the same weights. */
  readonly repeats: number;
}

export interface FunnelInput {
  /** [B, N, D], N a number. */
  readonly tokens: Value;
  /** Is the first token a class token, which is never pooled with others? */
  readonly hasClass: boolean;
  /** [B, N] int64, of which 2 is the class; all others alike where there is none. */
  readonly types?: Value;
  /** [B, N] float32: 1 where there is a token, 0 where not; null where all are. */
  readonly present?: Value;
}

/** How many tokens each block works on. Null where one would have too few to pool. */
export function funnelCounts(count: number, hasClass: boolean, blocks: number): number[] | null {
  const counts = [count];
  for (let block = 1; block < blocks; block++) {
    const before = counts.at(-1) as number;
    if (before <= (hasClass ? 2 : 1)) return null;
    counts.push(Math.ceil(before / 2));
  }
  return counts;
}

/**
 * [B, N, D] → [B, N / 2^(blocks − 1), D], rounded up at each halving. In the first layer of each later block pooled
 * queries look at what has not been pooled yet. Taps `hidden.<layers>`: the tokens behind so many layers.
 * Source: Funnel-Transformer (2006.03236); transformers, FunnelEncoder with relative shift, `pool_q_only`, `truncate_seq`.
 */
export function funnel(g: GraphBuilder, input: FunnelInput, shape: FunnelShape): Value {
  const { hasClass } = input;
  const distances = distancesOf(fixedDim(input.tokens, 1), shape.blocks.length, hasClass);
  let hidden = g.tap('hidden.0', input.tokens);
  let [present, types] = [input.present, input.types];
  let done = 0;
  for (const [index, { layers, repeats }] of shape.blocks.entries()) {
    const { pooling, within } = distances[index] as FunnelDistances;
    for (let run = 0; run < layers * repeats; run++) {
      const name = `encoder.blocks.${index}.${Math.floor(run / repeats)}`;
      const isPooled = pooling !== null && run === 0;
      const query = isPooled ? pool(g, hidden, hasClass, shape.pooling) : hidden;
      const asking = isPooled && types ? firstTypes(g, types, hasClass) : types;
      const typing = types && asking && { asking, asked: types };
      const seen = { query, memory: hidden, present, hasClass, types: typing };
      const positions = relativePositions(g, isPooled ? pooling : within, shape.hiddenSize);
      hidden = g.scope(name, () => layer(g, seen, positions, name, shape));
      if (isPooled) {
        types = asking;
        present = present && poolPresent(g, present, hasClass);
      }
      g.tap(`hidden.${++done}`, hidden);
    }
  }
  return hidden;
}

/** Of each pair that is pooled. [B, N] → [B, ⌈N / 2⌉] */
const firstTypes = (g: GraphBuilder, types: Value, hasClass: boolean): Value =>
  gather(g, types, g.list(...pooledPlaces(fixedDim(types, 1), hasClass)), 1);

interface Seen {
  /** [B, Nq, D] */
  readonly query: Value;
  /** [B, N, D] */
  readonly memory: Value;
  readonly present: Value | undefined;
  readonly hasClass: boolean;
  readonly types: FunnelTypes | undefined;
}

/** Attention and feed-forward, each with its norm behind the sum. → [B, Nq, D] */
function layer(
  g: GraphBuilder,
  seen: Seen,
  positions: Value,
  name: string,
  shape: FunnelShape,
): Value {
  const { hiddenSize, feedForwardSize, activation, normEpsilon } = shape;
  const kind = { kind: 'layer', epsilon: normEpsilon } as const;
  const attended = attention(g, seen, positions, `${name}.attention`, shape);
  const looked = normOfSum(g, seen.query, attended, `${name}.attention.layer_norm`, kind);
  const names = { up: `${name}.ffn.linear_1`, down: `${name}.ffn.linear_2` };
  const sizes = { hiddenSize, feedForwardSize, activation, bias: true };
  const branch = plainFeedForward(g, looked, names, sizes);
  return normOfSum(g, looked, branch, `${name}.ffn.layer_norm`, kind);
}

function attention(
  g: GraphBuilder,
  { query, memory, present, hasClass, types }: Seen,
  positions: Value,
  name: string,
  { hiddenSize, headCount, headSize }: FunnelShape,
): Value {
  const width = headCount * headSize;
  const inner = { inputs: hiddenSize, outputs: width };
  const own = (part: string) => `${name}.${part}`;
  const vector = (part: string): Value => {
    const of = g.tensor(own(part), [headCount, headSize], 'bias');
    return g.weight({ kind: 'reshape', of, shape: [width] });
  };
  const asked = linearWith(
    g,
    query,
    linearWeights(g, own('q_head'), { ...inner, bias: false }),
    'q_head',
  ); // [B, Nq, H · d]
  const scale = headSize ** -0.5;
  const headsOf = (part: string): Value => {
    const biased = add(g, asked, vector(part));
    return splitHeads(g, multiply(g, biased, g.scalar('float32', scale)), headCount); // [B, H, Nq, d]
  };
  const byPlace = placeBias(g, headsOf('r_r_bias'), positions, own('r_kernel'), {
    hiddenSize,
    headCount,
    headSize,
    keys: fixedDim(memory, 1),
  }); // [B, H, Nq, N]
  const byType =
    types || hasClass
      ? funnelTypeBias(g, headsOf('r_s_bias'), own('seg_embed'), types ?? null)
      : null;
  const sum = byType ? add(g, byPlace, byType) : byPlace;
  const projected = {
    query: add(g, asked, vector('r_w_bias')),
    key: linear(g, memory, own('k_head'), { ...inner, bias: true }),
    value: linear(g, memory, own('v_head'), { ...inner, bias: true }),
  };
  const attended = attend(
    g,
    projected,
    { headCount },
    {
      scale,
      bias: hasClass ? withoutClass(g, sum) : sum,
      keys: present ? cast(g, present, 'bool') : null,
    },
  );
  const back = { inputs: width, outputs: hiddenSize, bias: true };
  return linear(g, attended, own('post_proj'), back);
}

/** Sines, then cosines, of distances along one line. → [distances, D] */
function relativePositions(
  g: GraphBuilder,
  { first, step, count }: { readonly first: number; readonly step: number; readonly count: number },
  channels: number,
): Value {
  const [from, to, by] = [first, first - step * count, -step].map((each) =>
    g.scalar('float32', each),
  ) as [Value, Value, Value];
  const line = g.op('Range', [from, to, by], { type: 'float32', shape: [count] });
  const half = channels / 2;
  const frequencies = Array.from({ length: half }, (_, index) => 10_000 ** (-index / half));
  const turns = multiply(g, unsqueeze(g, line, 1), g.constant('float32', [half], frequencies));
  const waves = ['Sin', 'Cos'].map((op) => g.op(op, [turns], turns));
  return concatenate(g, waves, 1, channels);
}

/** What the distance of a query to a key adds to their score. [B, H, Nq, d], [distances, D] → [B, H, Nq, N] */
function placeBias(
  g: GraphBuilder,
  queries: Value,
  positions: Value,
  kernel: string,
  sizes: {
    readonly hiddenSize: number;
    readonly headCount: number;
    readonly headSize: number;
    readonly keys: number;
  },
): Value {
  const { hiddenSize, headCount, headSize, keys } = sizes;
  const of = g.tensor(kernel, [hiddenSize, headCount, headSize], 'matrix');
  const width = headCount * headSize;
  const mapped = matmul(
    g,
    positions,
    g.weight({ kind: 'reshape', of, shape: [hiddenSize, width] }),
  ); // [distances, H · d]
  const count = fixedDim(positions, 0);
  const byHead = transpose(g, reshape(g, mapped, [1, count, headCount, headSize]), 0, 2, 3, 1);
  const all = matmul(g, queries, byHead); // [B, H, Nq, distances]
  // Row i begins where its own distances do: each row is read a shift further left than the one before.
  const [batch, heads, rows] = all.shape as [Dim, number, number];
  const shift = rows === keys ? 1 : 2;
  const turned = reshape(g, all, [batch, heads, count, rows]);
  const cut = slice(g, turned, 2, g.list(shift), g.list(count), count - shift);
  const shifted = reshape(g, cut, [batch, heads, rows, count - shift]);
  return slice(g, shifted, 3, g.list(0), g.list(keys), keys);
}

/** Neither place nor type of the class token counts: zeros in the first row and column. [B, H, Nq, N] → the same */
function withoutClass(g: GraphBuilder, bias: Value): Value {
  const [rows, columns] = [fixedDim(bias, 2), fixedDim(bias, 3)];
  const lower = slice(g, bias, 2, g.list(1), g.list(rows), rows - 1);
  const rest = slice(g, lower, 3, g.list(1), g.list(columns), columns - 1);
  return g.op('Pad', [rest, g.list(0, 0, 1, 1, 0, 0, 0, 0)], bias);
}

/** Every two tokens become one, the class token and a last one that is left by themselves. [B, N, C] → [B, ⌈N / 2⌉, C] */
function pool(g: GraphBuilder, x: Value, hasClass: boolean, mode: 'mean' | 'max'): Value {
  const [batch, count, channels] = x.shape as [Dim, number, number];
  const run = (from: number, to: number): Value =>
    slice(g, x, 1, g.list(from), g.list(to), to - from);
  // The class token is its own partner; the last token makes room for it.
  const parts = hasClass ? [run(0, 1), run(0, count - 1)] : [x];
  const last = hasClass ? count - 2 : count - 1;
  if (count % 2 === 1) parts.push(run(last, last + 1));
  const even = 2 * Math.ceil(count / 2);
  const [only] = parts;
  const joined = parts.length === 1 && only ? only : concatenate(g, parts, 1, even);
  const pairs = reshape(g, joined, [batch, even / 2, 2, channels]);
  return mode === 'mean' ? mean(g, pairs, 2, false) : largest(g, pairs, 2, false);
}

/** A pair is there where both of it are. [B, N] → [B, ⌈N / 2⌉] */
function poolPresent(g: GraphBuilder, present: Value, hasClass: boolean): Value {
  const pooled = negate(g, pool(g, unsqueeze(g, negate(g, present), 2), hasClass, 'max'));
  return reshape(g, pooled, pooled.shape.slice(0, 2));
}
