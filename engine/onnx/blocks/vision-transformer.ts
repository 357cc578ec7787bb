/** The body of a plain vision transformer: pre-norm layers that an encoder puts together from its own pieces. */
import type { GraphBuilder } from '../graph-builder.ts';
import { add } from '../operators.ts';
import type { Value } from '../value.ts';
import { selfAttention, type Meeting, type SelfAttended, type SelfAttention } from './attention.ts';
import { linearWith } from './linear.ts';
import { addAndNorm, norm, type Norm } from './norm.ts';

export interface TransformerLayer {
  /** Names of the norms before either half. */
  readonly attentionNorm: string;
  readonly feedForwardNorm: string;
  readonly attention: SelfAttention;
  /**
   * What the tokens [B, N, D] go through before the layer's own attention, such as attention over frames: what they are
   * by then, and what is added to them, [B, N, D] each.
   */
  readonly before?: (
    g: GraphBuilder,
    tokens: Value,
  ) => { readonly sum: Value; readonly branch: Value };
  /** [B, N, D], normed → [B, N, D] */
  readonly feedForward: (g: GraphBuilder, normed: Value) => Value;
  /** Added to what the feed-forward gives, made of the tokens before its norm. [B, N, D] → [B, N, D] */
  readonly besideFeedForward?: (g: GraphBuilder, tokens: Value) => Value;
}

/** What is done inside the layers beside what they are made of; each is asked as its layer comes, null for nothing. */
export interface LayerHooks {
  /** Added to the scores of each key, [B, 1, 1, N]. */
  readonly keyBias: (layer: number) => Value | null;
  /** Takes the place of how queries, keys and values meet. */
  readonly meeting: (layer: number) => Meeting | null;
  /** Between the halves: tokens [B, N, D] with the attention added, and what it was → fewer tokens. */
  readonly reduce: (layer: number) => ((tokens: Value, seen: SeenInLayer) => Value) | null;
}

/** What the attention of a layer has made of its tokens. */
export interface SeenInLayer extends SelfAttended {
  /** The tokens that entered the layer, [B, N, D]. */
  readonly before: Value;
}

export interface LayersWanted {
  readonly norm: Norm;
  /** Layers behind which the output is wanted. */
  readonly count: number;
  /** Are the last layer's queries and keys wanted, as taps `query` and `key` [B, N, D]? */
  readonly queryKey: boolean;
  readonly hooks?: LayerHooks;
}

/** As {@link layerOutputs}, of one count. [B, N, D] → [B, N, D] */
export function transformerLayers(
  g: GraphBuilder,
  tokens: Value,
  layers: readonly TransformerLayer[],
  { count, ...wanted }: LayersWanted,
): Value {
  return layerOutputs(g, tokens, layers, { ...wanted, counts: [count] })[0] as Value;
}

/**
 * x + attention(norm(x)), then x + feedForward(norm(x)): what is behind each of these counts of layers, in their
 * order, each layer run once. [B, N, D] → [B, N, D] each
 * Queries and keys are what the last layer's projections make of its input, even where all counts stop before
 * that layer (PruMerge ranks tokens by them): layers behind the features then run for them alone.
 */
export function layerOutputs(
  g: GraphBuilder,
  tokens: Value,
  layers: readonly TransformerLayer[],
  {
    norm: kind,
    counts,
    queryKey,
    hooks,
  }: Omit<LayersWanted, 'count'> & { readonly counts: readonly number[] },
): readonly Value[] {
  const last = layers.length - 1;
  const most = Math.max(...counts);
  const until = queryKey ? Math.max(most, last) : most;
  const needsInputOf = (index: number) => index < until || (queryKey && index === last);

  let sum = tokens;
  const outputs = [tokens];
  const [first] = layers;
  let normed = sum;
  if (first && needsInputOf(0)) ({ sum, normed } = enterLayer(g, sum, first, kind));
  for (const [index, layer] of layers.slice(0, until).entries()) {
    const next = needsInputOf(index + 1) ? layers[index + 1] : undefined;
    g.scope(`layers.${index}`, () => {
      const attended = selfAttention(g, normed, layer.attention, {
        bias: hooks?.keyBias(index) ?? null,
        meeting: hooks?.meeting(index) ?? null,
      });
      const reduce = hooks?.reduce(index);
      if (reduce) {
        sum = reduce(add(g, sum, attended.output), { ...attended, before: sum });
        normed = norm(g, sum, layer.feedForwardNorm, kind);
      } else {
        ({ sum, normed } = addAndNorm(g, sum, attended.output, layer.feedForwardNorm, kind));
      }
      const branch = g.scope('mlp', () => {
        const own = layer.feedForward(g, normed);
        return layer.besideFeedForward ? add(g, own, layer.besideFeedForward(g, sum)) : own;
      });
      if (next && !next.before)
        ({ sum, normed } = addAndNorm(g, sum, branch, next.attentionNorm, kind));
      else sum = add(g, sum, branch);
    });
    outputs.push(sum);
    if (next?.before) ({ sum, normed } = enterLayer(g, sum, next, kind));
  }
  if (queryKey && most <= last) {
    g.scope(`layers.${last}`, () => tapQueryKey(g, normed, layers[last] as TransformerLayer));
  }
  return counts.map((count) => outputs[count] as Value);
}

/** What a layer's attention is given, and what its output is added to. */
function enterLayer(
  g: GraphBuilder,
  tokens: Value,
  { attentionNorm, before }: TransformerLayer,
  kind: Norm,
): { readonly sum: Value; readonly normed: Value } {
  if (!before) return { sum: tokens, normed: norm(g, tokens, attentionNorm, kind) };
  const { sum, branch } = before(g, tokens);
  return addAndNorm(g, sum, branch, attentionNorm, kind);
}

function tapQueryKey(
  g: GraphBuilder,
  normed: Value,
  { attention: { projections } }: TransformerLayer,
): void {
  g.scope('attention', () => {
    g.tap('query', linearWith(g, normed, projections.query, 'query'));
    g.tap('key', linearWith(g, normed, projections.key, 'key'));
  });
}
