/**
 * Sends each token to its experts: rows are gathered by expert, so that an expert computes only what
 * was routed to it. ONNX Runtime 1.30 has fused operators for this, MoE and QMoE; on a CPU they are
 * slower in prefill, and QMoE, which unpacks its 4-bit weights each time, by far slower in decode.
 */
import type { GraphBuilder } from '../graph-builder.ts';
import { int, text } from '../graph-builder.ts';
import { divide, equal, multiply, softmax, sum, topK } from '../operators.ts';
import { gather, padEnd, reshape, slice, unsqueeze } from '../shape-operators.ts';
import { fixedDim, multiplyDims, type Dim, type Value } from '../value.ts';

export interface Routing {
  readonly experts: number;
  readonly topK: number;
  readonly renormalise: boolean;
  /** Channels that the experts give out; those that come in where left out. */
  readonly outputs?: number;
}

export interface RoutedLayer {
  /** rows [T, D] → logits [T, experts] */
  readonly router: (rows: Value) => Value;
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

/** Softmax over all experts, the best `topK`, their weighted sum. x [1, T, D] → [1, T, D'] */
export function routeToExperts(
  g: GraphBuilder,
  x: Value,
  routing: Routing,
  layer: RoutedLayer,
): Value {
  const channels = fixedDim(x, -1);
  const outputs = routing.outputs ?? channels;
  const tokens = x.shape[1] as Dim;
  const rows = reshape(g, x, [tokens, channels]);
  const logits = g.tap('router-logits', layer.router(rows));
  const best = topK(g, softmax(g, logits, -1), g.list(routing.topK), routing.topK); // [T, k]
  const weights = routing.renormalise
    ? divide(g, best.values, sum(g, best.values, -1, true))
    : best.values;

  let mixed = nothingOf(g, rows, outputs); // [T, D']
  for (let expert = 0; expert < routing.experts; expert++) {
    mixed = g.scope(`experts.${expert}`, () => {
      // The expectation for the estimate: tokens spread evenly over the experts.
      const routed = multiplyDims(routing.topK / routing.experts, tokens);
      const chosen = equal(g, best.indices, g.scalar('int64', expert)); // [T, k]
      const places = g.op('NonZero', [chosen], { type: 'int64', shape: [2, routed] });
      const tokenOf = gather(g, places, g.scalar('int64', 0), 0); // [n]
      const output = layer.expert(expert, gather(g, rows, tokenOf, 0)); // [n, D']
      const pairs = g.op(
        'Transpose',
        [places],
        { type: 'int64', shape: [routed, 2] },
        { attributes: { perm: { ints: [1, 0] } } },
      );
      const weight = g.op('GatherND', [weights, pairs], { type: 'float32', shape: [routed] });
      const weighted = multiply(g, output, unsqueeze(g, weight, 1));
      return g.op('ScatterND', [mixed, unsqueeze(g, tokenOf, 1), weighted], mixed, {
        attributes: { reduction: text('add') },
      });
    });
  }
  return reshape(g, mixed, [1, tokens, outputs]);
}

/** [T, D] → zeros [T, outputs] */
function nothingOf(g: GraphBuilder, rows: Value, outputs: number): Value {
  const zeros = multiply(g, rows, g.scalar('float32', 0)); // [T, D]
  if (outputs >= fixedDim(rows, 1)) return padEnd(g, zeros, 1, outputs);
  return slice(g, zeros, 1, g.list(0), g.list(outputs), outputs);
}
