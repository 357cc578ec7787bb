/**
 * Sends each token to its experts: rows are gathered in the order of their experts and cut between them, so that an
 * expert computes only what was routed to it, and one that has nothing costs the calls of its few operators. ONNX
 * Runtime 1.30 has fused operators for this, MoE and QMoE; on a CPU they are slower in prefill, and QMoE, which unpacks
 * its 4-bit weights each time, by far slower in decode.
 */
import type { GraphBuilder } from '../graph-builder.ts';
import { int } from '../graph-builder.ts';
import { divide, multiply, sum } from '../operators.ts';
import {
  concatenate,
  gather,
  lengthOf,
  reshape,
  transpose,
  unsqueeze,
} from '../shape-operators.ts';
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

  const places = placesByExpert(g, choice.experts, layer); // [n], [E]
  const tokenOf = divide(g, places.slots, g.scalar('int64', layer.topK)); // [n]
  const outcomes = runExperts(g, gather(g, rows, tokenOf, 0), places.counts, layer, outputs);
  // Back to their places; where a token was dropped nothing has come.
  const slots = multiplyDims(layer.topK, tokens);
  const apart = g.op(
    'ScatterND',
    [nothing(g, places.choices, slots, outputs), unsqueeze(g, places.slots, 1), outcomes],
    { type: 'float32', shape: [slots, outputs] },
  );
  const byToken = reshape(g, apart, [tokens, layer.topK, outputs]); // [T, k, D']
  const mixed = sum(g, multiply(g, byToken, unsqueeze(g, choice.weights, 2)), 1, false); // [T, D']
  return reshape(g, mixed, [1, tokens, outputs]);
}

/** A slot is a place among the choices of all tokens [T · k]; those of one expert come one after the other. */
interface PlacesByExpert {
  /** [T · k] int64 */
  readonly choices: Value;
  /** [n] int64, by expert; n is T · k less what was dropped. */
  readonly slots: Value;
  /** [E] int64: how many slots are each expert's. */
  readonly counts: Value;
}

function placesByExpert(g: GraphBuilder, experts: Value, layer: RoutedLayer): PlacesByExpert {
  const slots = multiplyDims(layer.topK, experts.shape[0] as Dim);
  const choices = reshape(g, experts, [slots]);
  const hot = transpose(g, oneHot(g, choices, layer.experts, 'int64'), 1, 0); // [E, T · k]
  const found = g.op('NonZero', [hot], { type: 'int64', shape: [2, slots] });
  return {
    choices,
    slots: gather(g, found, g.scalar('int64', 1), 0),
    counts: sum(g, hot, 1, false),
  };
}

/** Rows [n, D], each expert's one after the other → what the experts make of them, in the same order. [n, D'] */
function runExperts(
  g: GraphBuilder,
  rows: Value,
  counts: Value,
  layer: RoutedLayer,
  outputs: number,
): Value {
  const [all, channels] = rows.shape as [Dim, number];
  // The expectation for the estimate: tokens spread evenly over the experts.
  const share = multiplyDims(1 / layer.experts, all);
  const experts = Array.from({ length: layer.experts }, (_, expert) => expert);
  const parts = g.ops(
    'Split',
    [rows, counts],
    experts.map(() => ({ type: 'float32', shape: [share, channels] })),
    { attributes: { axis: int(0) } },
  ) as readonly Value[];
  const outcomes = experts.map((expert) =>
    g.scope(`experts.${expert}`, () => layer.expert(expert, parts[expert] as Value)),
  );
  return g.op(
    'Concat',
    outcomes,
    { type: 'float32', shape: [all, outputs] },
    { attributes: { axis: int(0) } },
  );
}

/** Zeros [T · k, outputs] */
function nothing(g: GraphBuilder, choices: Value, slots: Dim, outputs: number): Value {
  const length = unsqueeze(g, lengthOf(g, choices, 0), 0);
  const shape = concatenate(g, [length, g.list(outputs)], 0, 2);
  const zero = g.constant('float32', [1, 1], [0]);
  return g.op('Expand', [zero, shape], { type: 'float32', shape: [slots, outputs] });
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
