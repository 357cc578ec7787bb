/**
 * The selective state space of Mamba (arxiv.org/abs/2312.00752): every channel keeps a state of N numbers, and what a
 * token adds to it, how fast it fades and what is read of it follow from the token itself.
 */
import type { GraphBuilder } from '../graph-builder.ts';
import { add, exponential, greater, matmul, multiply, negate } from '../operators.ts';
import {
  concatenate,
  gather,
  lengthOf,
  reshape,
  transpose,
  unsqueeze,
} from '../shape-operators.ts';
import { scan } from '../scan.ts';
import type { Dim, Value } from '../value.ts';
import type { WeightExpression } from '../weight.ts';

export interface SelectiveScanInput {
  /** [B, T, E] */
  readonly x: Value;
  /** Time steps before softplus, their bias included. [B, T, E] */
  readonly step: Value;
  /** What is written of a token, and what is read. Both [B, T, N] */
  readonly write: Value;
  readonly read: Value;
  /** As `severalTokens` tells, [] bool, where T is known only when the graph runs; null where it is a number. */
  readonly several: Value | null;
  /** From the last token to the first; each keeps its place. */
  readonly reversed?: boolean;
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
  { x, step, write, read, several, reversed = false }: SelectiveScanInput,
  { logRate, skip }: SelectiveScanWeights,
  past: Value,
): SelectiveScanResult {
  const fade = transpose(g, negate(g, exponential(g, g.weight(logRate))), 1, 0); // [N, E]
  const all = (time: Value): Entries => [time, multiply(g, time, x), write, read];
  const [scanned, state] = (
    several
      ? g.chooseAll(
          several,
          () => scanTokens(g, fade, past, all(softplus(g, step)), reversed),
          () => {
            // Of one token a single operator is done before as many as that have begun.
            const time = g.op('Softplus', [step], step);
            const [read1, state1] = renew(g, fade, past, firstOf(g, all(time)));
            return [reshape(g, read1, x.shape), state1];
          },
        )
      : scanTokens(g, fade, past, all(softplus(g, step)), reversed)
  ) as Renewed;
  return { output: add(g, scanned, multiply(g, x, g.weight(skip))), state };
}

/** Are there several tokens? x [B, T, ..] → [] bool, for all scans of a graph. */
export function severalTokens(g: GraphBuilder, x: Value): Value {
  return greater(g, lengthOf(g, x, 1), g.scalar('int64', 1));
}

/** What sequences x [B, T, E] remember before their first token: nothing, [B, N, E]. */
export function emptyState(g: GraphBuilder, x: Value, stateSize: number): Value {
  const [count, , channels] = x.shape as readonly [Dim, Dim, number];
  const sequences = typeof count === 'number' ? g.list(count) : unsqueeze(g, lengthOf(g, x, 0), 0);
  const shape = concatenate(g, [sequences, g.list(stateSize, channels)], 0, 3);
  const result = { type: x.type, shape: [count, stateSize, channels] };
  return g.op('Expand', [g.scalar('float32', 0), shape], result);
}

/** Δ and Δ x [B, T, E], what is written and what is read [B, T, N]. */
type Entries = readonly [time: Value, gain: Value, write: Value, read: Value];
/** What is read, [B, T, E], and the state after the last token. */
type Renewed = readonly [read: Value, state: Value];

function scanTokens(
  g: GraphBuilder,
  fade: Value,
  past: Value,
  entries: Entries,
  reversed: boolean,
): Renewed {
  const [count, length, channels] = entries[0].shape as readonly [Dim, Dim, Dim];
  const slices = entries.map((value) => unsqueeze(g, timeFirst(g, value), 2)); // [T, B, 1, ..]
  const scanned = { states: [past], slices, reversed };
  const { states, outputs } = scan(g, scanned, ([before], token) => {
    const [read, state] = renew(g, fade, before as Value, token as unknown as Entries);
    return { states: [state], outputs: [read] };
  });
  const rows = reshape(g, outputs[0] as Value, [length, count, channels]);
  return [timeFirst(g, rows), states[0] as Value];
}

/** One token, which costs less as it stands than as a scan. [B, 1, ..] each */
function firstOf(g: GraphBuilder, entries: Entries): Entries {
  return entries.map((value) => gather(g, value, g.list(0), 1)) as unknown as Entries;
}

function renew(g: GraphBuilder, fade: Value, before: Value, token: Entries): Renewed {
  const [time, gain, write, read] = token;
  const [count, stateSize, channels] = before.shape as readonly [Dim, number, number];
  // Two multiply-adds for every number of the state; reading is a product that counts itself.
  g.work(2 * stateSize * channels, [count]);
  const kept = multiply(g, before, exponential(g, multiply(g, fade, time)));
  const into = reshape(g, write, [count, stateSize, 1]);
  const state = add(g, kept, multiply(g, into, gain)); // [B, N, E]
  return [matmul(g, read, state), state];
}

/** log(1 + exp(x)) of operators that run on whole vectors, which ONNX Runtime's Softplus does not. */
function softplus(g: GraphBuilder, x: Value): Value {
  const below = exponential(g, negate(g, g.op('Abs', [x], x)));
  const rest = g.op('Log', [add(g, below, g.scalar('float32', 1))], x);
  return add(g, g.op('Relu', [x], x), rest);
}

/** [B, T, ..] ↔ [T, B, ..], which moves nothing where one of the two is 1. */
function timeFirst(g: GraphBuilder, x: Value): Value {
  const [first, second, last] = x.shape as readonly [Dim, Dim, Dim];
  return first === 1 || second === 1
    ? reshape(g, x, [second, first, last])
    : transpose(g, x, 1, 0, 2);
}
