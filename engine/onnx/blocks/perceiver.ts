/** A perceiver resampler: a few learned latents look at a picture and at one another, over and over. */
import type { GraphBuilder } from '../graph-builder.ts';
import { concatenate, repeatAs } from '../shape-operators.ts';
import { fixedDim, type Dim, type Value } from '../value.ts';
import { attend, type SelfAttention } from './attention.ts';
import { projectAll } from './attention-projections.ts';
import { linearWith } from './linear.ts';
import { addAndNorm, norm, normOfSum, type Norm } from './norm.ts';

export interface PerceiverLayer {
  /** Norms of what is looked at, of the latents that look, and before the feed-forward, by their names. */
  readonly contextNorm: string;
  readonly latentsNorm: string;
  readonly feedForwardNorm: string;
  readonly attention: SelfAttention;
  /** [B, Q, D] → [B, Q, D], without the residual. */
  readonly feedForward: (g: GraphBuilder, normed: Value) => Value;
}

export interface Perceiver {
  /** Name of the learned latents [Q, D]. */
  readonly latents: string;
  readonly latentCount: number;
  readonly layers: readonly PerceiverLayer[];
  readonly finalNorm: string;
  readonly norm: Norm;
}

/** Context tokens and latents together, where the number of the former is known only when the graph runs. */
export const contextAndLatents = 'contextAndLatents';

/**
 * context [B, N, D] → [B, Q, D]. Keys and values are those of the context and, behind them, of the latents; both
 * residual sums are in it. A graph whose N is a symbol binds {@link contextAndLatents} too.
 * Source: Flamingo, 2204.14198; open_flamingo/src/helpers.py (PerceiverResampler).
 */
export function perceive(
  g: GraphBuilder,
  context: Value,
  { latents, latentCount, layers, finalNorm, norm: kind }: Perceiver,
): Value {
  const count = context.shape[1] as Dim;
  const joined = typeof count === 'number' ? count + latentCount : contextAndLatents;
  const shape = [latentCount, fixedDim(context, -1)];
  const of = g.tensor(latents, shape, 'embedding');
  const learned = g.weight({ kind: 'reshape', of, shape: [1, ...shape] });
  let sum = repeatAs(g, learned, 0, context, 0); // [B, Q, D]
  let normed = norm(g, sum, layers[0]?.latentsNorm ?? finalNorm, kind);
  for (const [index, layer] of layers.entries()) {
    g.scope(`layers.${index}`, () => {
      const seen = norm(g, context, layer.contextNorm, kind);
      const memory = concatenate(g, [seen, normed], 1, joined); // [B, N + Q, D]
      const attended = lookAt(g, normed, memory, layer.attention);
      ({ sum, normed } = addAndNorm(g, sum, attended, layer.feedForwardNorm, kind));
      const branch = g.scope('mlp', () => layer.feedForward(g, normed));
      const next = layers[index + 1];
      if (next) ({ sum, normed } = addAndNorm(g, sum, branch, next.latentsNorm, kind));
      else normed = normOfSum(g, sum, branch, finalNorm, kind);
    });
  }
  return normed;
}

/** latents [B, Q, D], memory [B, N + Q, D] → [B, Q, D] */
function lookAt(g: GraphBuilder, latents: Value, memory: Value, layer: SelfAttention): Value {
  return g.scope('attention', () => {
    const projected = projectAll(g, latents, memory, layer.projections);
    const attended = attend(g, layer.prepare?.(projected) ?? projected, layer);
    return linearWith(g, attended, layer.output, 'output');
  });
}
