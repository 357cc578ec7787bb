/**
 * Sends each token to its experts: rows are gathered by expert, so that an expert computes only what
 * was routed to it. ONNX Runtime 1.30 has fused operators for this, MoE and QMoE; on a CPU they are
 * slower in prefill, and QMoE, which unpacks its 4-bit weights each time, by far slower in decode.
 */
import type { GraphBuilder } from '../graph-builder.ts';
import { int, text } from '../graph-builder.ts';
import { equal, multiply, sum } from '../operators.ts';
import { gather, padEnd, reshape, slice, transpose, unsqueeze } from '../shape-operators.ts';
import { fixedDim, multiplyDims, type Dim, type Value } from '../value.ts';
import { oneHot, type ExpertChoice } from './expert-choice.ts';

export interface RoutedLayer {
  readonly experts: number;
  /** Experts a token is sent to. */
  readonly topK: number;
  /** What the tap is called that counts how many tokens each expert computes, [E]. */
  readonly loadTap?: string;
  /** Channels that the experts give out; those that come in where left out. */
  readonly outputs?: number;
  /** rows [T, D] → logits [T, experts] */
  readonly router: (rows: Value) => Value;
  /** logits [T, experts] → experts and weights [T, topK] */
  readonly choose: (logits: Value) => ExpertChoice;
  /** rows [n, D] → [n, D'] */
  readonly expert: (index: number, rows: Value) => Value;
}

/** Router logits, always in float32: routing decisions are discrete. [T, D] → [T, experts] */
export function routerLogits(g: GraphBuilder, rows: Value, name: string, experts: number): Value {
  const inputs = fixedDim(rows, -1);
  const weight = g.weight(g.tensor(`${name}.weight`, [experts, inputs], 'matrix'));
  g.work(inputs * experts, rows.shape.slice(0, -1));
  return g.op(
    'FusedMatMul',
    [rows, weight],
    { type: 'float32', shape: [...rows.shape.slice(0, -1), experts] },
    { domain: 'com.microsoft', attributes: { transB: int(1) } },
  );
}

/**
 * The weighted sum of what a token's experts make of it. x [1, T, D] → [1, T, D']
 * Taps: `router-logits` [T, E]; `router-weights` [T, E], 0 where a token is not sent; and the load.
 */
export function routeToExperts(g: GraphBuilder, x: Value, layer: RoutedLayer): Value {
  const channels = fixedDim(x, -1);
  const outputs = layer.outputs ?? channels;
  const tokens = x.shape[1] as Dim;
  const rows = reshape(g, x, [tokens, channels]);
  const choice = layer.choose(g.tap('router-logits', layer.router(rows)));
  tapChoice(g, choice, layer);

  let mixed = nothingOf(g, rows, outputs); // [T, D']
  for (let expert = 0; expert < layer.experts; expert++) {
    mixed = g.scope(`experts.${expert}`, () => {
      // The expectation for the estimate: tokens spread evenly over the experts.
      const routed = multiplyDims(layer.topK / layer.experts, tokens);
      const chosen = equal(g, choice.experts, g.scalar('int64', expert)); // [T, k]
      const places = g.op('NonZero', [chosen], { type: 'int64', shape: [2, routed] });
      const tokenOf = gather(g, places, g.scalar('int64', 0), 0); // [n]
      const output = layer.expert(expert, gather(g, rows, tokenOf, 0)); // [n, D']
      const pairs = transpose(g, places, 1, 0); // [n, 2]
      const weight = g.op('GatherND', [choice.weights, pairs], {
        type: 'float32',
        shape: [routed],
      });
      const weighted = multiply(g, output, unsqueeze(g, weight, 1));
      return g.op('ScatterND', [mixed, unsqueeze(g, tokenOf, 1), weighted], mixed, {
        attributes: { reduction: text('add') },
      });
    });
  }
  return reshape(g, mixed, [1, tokens, outputs]);
}

function tapChoice(
  g: GraphBuilder,
  { experts, weights }: ExpertChoice,
  { experts: count, loadTap }: RoutedLayer,
): void {
  g.tapLater('router-weights', () => {
    const hot = oneHot(g, experts, count, 'float32'); // [T, k, E]
    return sum(g, multiply(g, hot, unsqueeze(g, weights, 2)), 1, false);
  });
  if (loadTap !== undefined)
    g.tapLater(loadTap, () => sum(g, oneHot(g, experts, count, 'int64'), [0, 1], false));
}

/** [T, D] → zeros [T, outputs] */
function nothingOf(g: GraphBuilder, rows: Value, outputs: number): Value {
  const zeros = multiply(g, rows, g.scalar('float32', 0)); // [T, D]
  if (outputs >= fixedDim(rows, 1)) return padEnd(g, zeros, 1, outputs);
  return slice(g, zeros, 1, g.list(0), g.list(outputs), outputs);
}
