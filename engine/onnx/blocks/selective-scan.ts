/**
 * The selective state space of Mamba (arxiv.org/abs/2312.00752): every channel keeps a state of N numbers, and what a
 * token adds to it, how fast it fades and what is read of it follow from the token itself.
 */
import type { GraphBuilder } from '../graph-builder.ts';
import { add, matmul, multiply, negate, reshape, transpose, unsqueeze } from '../operators.ts';
import { scan } from '../scan.ts';
import { fixedDim, type Dim, type Value } from '../value.ts';
import type { WeightExpression } from '../weight.ts';

export interface SelectiveScanInput {
  /** [B, T, E] */
  readonly x: Value;
  /** Time steps before softplus, their bias included. [B, T, E] */
  readonly step: Value;
  /** What is written of a token, and what is read. Both [B, T, N] */
  readonly write: Value;
  readonly read: Value;
}

export interface SelectiveScanWeights {
  /** Logarithm of the rates at which states fade. [E, N] */
  readonly logRate: WeightExpression;
  /** The part of x that goes straight through. [E] */
  readonly skip: WeightExpression;
}

export interface SelectiveScanResult {
  /** [B, T, E] */
  readonly output: Value;
  /** [B, N, E] */
  readonly state: Value;
}

/**
 * With Δ = softplus(step) and A = −exp(logRate), for every token: h = exp(Δ A) h + Δ x · write, y = h · read + skip · x.
 * B sequences, such as the directions in which a picture is read, go side by side. `past` is the state before the
 * first token, [B, N, E]; channels lie last, so that every operator of a step runs along them.
 *
 * ONNX Runtime's LinearAttention has this recurrence too (a head for each channel, decay by key), but takes its
 * exponentials one by one: at E 4096 and N 16 it needs ten times as long as the scan, for one token four times.
 */
export function selectiveScan(
  g: GraphBuilder,
  { x, step, write, read }: SelectiveScanInput,
  { logRate, skip }: SelectiveScanWeights,
  past: Value,
): SelectiveScanResult {
  const [count, length, channels] = x.shape as readonly [Dim, Dim, number];
  const stateSize = fixedDim(write, 2);
  const fade = transpose(g, negate(g, exponential(g, g.weight(logRate))), 1, 0); // [N, E]
  const time = g.op('Softplus', [step], step);
  const across = (value: Value) => unsqueeze(g, timeFirst(g, value), 2); // [T, B, 1, ..]
  const slices = [
    across(time),
    across(multiply(g, time, x)),
    unsqueeze(g, timeFirst(g, write), 3), // [T, B, N, 1]
    across(read),
  ];
  const { states, outputs } = scan(g, { states: [past], slices }, (before, entries) => {
    const [now, gain, into, from] = entries as readonly [Value, Value, Value, Value];
    const kept = multiply(g, before[0] as Value, exponential(g, multiply(g, fade, now)));
    const state = add(g, kept, multiply(g, into, gain)); // [B, N, E]
    // Two multiply-adds for every number of the state; reading is a product that counts itself.
    g.work(2 * stateSize * channels, [count]);
    return { states: [state], outputs: [matmul(g, from, state)] };
  });
  const scanned = reshape(g, outputs[0] as Value, [length, count, channels]);
  const output = add(g, timeFirst(g, scanned), multiply(g, x, g.weight(skip)));
  return { output, state: states[0] as Value };
}

const exponential = (g: GraphBuilder, x: Value): Value => g.op('Exp', [x], x);

/** [B, T, ..] ↔ [T, B, ..], which moves nothing where one of the two is 1. */
function timeFirst(g: GraphBuilder, x: Value): Value {
  const [first, second, last] = x.shape as readonly [Dim, Dim, Dim];
  return first === 1 || second === 1
    ? reshape(g, x, [second, first, last])
    : transpose(g, x, 1, 0, 2);
}
