/** To which experts the router's logits [T, E] send each token, and how much each of them counts. */
import { int, type GraphBuilder } from '../graph-builder.ts';
import {
  add,
  cast,
  divide,
  equal,
  greater,
  largest,
  mean,
  multiply,
  softmax,
  subtract,
  sum,
  topK,
} from '../operators.ts';
import { concatenate, lengthOf, reshape, transpose, unsqueeze } from '../shape-operators.ts';
import { fixedDim, multiplyDims, type Dim, type Value } from '../value.ts';

export interface ExpertChoice {
  /** [T, k] int64; −1 where a token is dropped. */
  readonly experts: Value;
  /** [T, k] */
  readonly weights: Value;
}

/** Softmax over all experts, then the best k (Mixtral, Qwen-MoE, OLMoE). */
export function chooseBest(
  g: GraphBuilder,
  logits: Value,
  { topK: k, renormalise }: { readonly topK: number; readonly renormalise: boolean },
): ExpertChoice {
  return best(g, softmax(g, logits, -1), k, renormalise);
}

function best(g: GraphBuilder, gates: Value, k: number, renormalise: boolean): ExpertChoice {
  const { values, indices } = topK(g, gates, g.list(k), k); // [T, k]
  const weights = renormalise ? divide(g, values, sum(g, values, -1, true)) : values;
  return { experts: indices, weights };
}

/** The best k, then softmax over just these (Granite-MoE). */
export function chooseThenWeigh(g: GraphBuilder, logits: Value, k: number): ExpertChoice {
  const { values, indices } = topK(g, logits, g.list(k), k); // [T, k]
  return { experts: indices, weights: softmax(g, values, -1) };
}

/**
 * Experts lie in equal groups; a token chooses the groups whose best expert suits it most, then the best k of
 * these groups' experts. DeepSeek-V2 (arXiv 2405.04434), device-limited routing.
 */
export function chooseInGroups(
  g: GraphBuilder,
  logits: Value,
  routing: {
    readonly topK: number;
    readonly groups: number;
    readonly chosenGroups: number;
    readonly renormalise: boolean;
  },
): ExpertChoice {
  const { groups, chosenGroups } = routing;
  const [tokens, experts] = logits.shape as [Dim, number];
  const gates = softmax(g, logits, -1);
  const grouped = reshape(g, gates, [tokens, groups, experts / groups]); // [T, G, E / G]
  const strongest = largest(g, grouped, -1, false); // [T, G]
  const { indices } = topK(g, strongest, g.list(chosenGroups), chosenGroups);
  const isChosen = largest(g, oneHot(g, indices, groups, 'float32'), 1, false); // [T, G]
  const masked = multiply(g, grouped, unsqueeze(g, isChosen, 2)); // [T, G, E / G]
  return best(g, reshape(g, masked, [tokens, experts]), routing.topK, routing.renormalise);
}

/**
 * SparseMixer at inference (arXiv 2310.00811, as in Phi-3.5-MoE): one expert after the other, each weighed by a
 * softmax over those of the experts not yet taken whose logits lie within `2 · jitter` of the largest, relatively.
 */
export function chooseInBand(
  g: GraphBuilder,
  logits: Value,
  { topK: k, jitter }: { readonly topK: number; readonly jitter: number },
): ExpertChoice {
  const never = g.scalar('float32', -Infinity);
  let open = logits; // [T, E], those already taken at −∞
  const rounds: ExpertChoice[] = [];
  for (let round = 0; round < k; round++) {
    const { values, indices } = topK(g, open, g.list(1), 1); // [T, 1]
    const size = g.op('Max', [g.op('Abs', [logits], logits), values], logits);
    const distance = divide(g, subtract(g, values, logits), size);
    const isFar = greater(g, distance, g.scalar('float32', 2 * jitter));
    const gates = softmax(g, g.op('Where', [isFar, never, open], logits), -1);
    const weights = g.op('GatherElements', [gates, indices], values, {
      attributes: { axis: int(-1) },
    });
    rounds.push({ experts: indices, weights });
    const isTaken = equal(g, indices, expertNumbers(g, fixedDim(logits, -1))); // [T, E]
    open = g.op('Where', [isTaken, never, open], logits);
  }
  return {
    experts: concatenate(
      g,
      rounds.map(({ experts }) => experts),
      1,
      k,
    ),
    weights: concatenate(
      g,
      rounds.map(({ weights }) => weights),
      1,
      k,
    ),
  };
}

export interface Capacity {
  /** 1 or 2. */
  readonly topK: number;
  /** How often an even share of the tokens an expert takes. */
  readonly factor: number;
  /** The least that it takes of however few tokens. */
  readonly least: number;
}

/** Of a capacity factor, so that no rounding of floats adds a place. */
const thousandths = 1000;

/** Smallest sum that weights are divided by. */
const float32Epsilon = 1.1920929e-7;

/**
 * Each expert takes so many tokens, all first choices in their order before any second one; what finds no place is
 * dropped, and of two weights the one that is left becomes 1. One weight alone stays the probability that it is.
 * GShard (arXiv 2006.16668) as in DeepSpeed and MoE-LLaVA. Taps: `capacity` [1], `expert-counts` [E] of what was
 * chosen before anything was dropped, `balance-loss` [1].
 */
export function chooseWithinCapacity(
  g: GraphBuilder,
  logits: Value,
  { topK: k, factor, least }: Capacity,
): ExpertChoice {
  const [tokens, experts] = logits.shape as [Dim, number];
  const gates = softmax(g, logits, -1);
  const { values, indices } = topK(g, gates, g.list(k), k); // [T, k]
  const places = multiplyDims(k, tokens);
  const inTurn = reshape(g, transpose(g, indices, 1, 0), [places]); // [k · T], first choices first
  const hot = oneHot(g, inTurn, experts, 'int64'); // [k · T, E]
  const before = g.op('CumSum', [hot, g.scalar('int64', 0)], hot);
  const place = sum(g, multiply(g, before, hot), -1, false); // [k · T], from 1 on
  const capacity = capacityOf(g, logits, { topK: k, factor, least });
  const isLate = reshape(g, greater(g, place, capacity), [k, tokens]);
  const isDropped = transpose(g, isLate, 1, 0); // [T, k]
  g.tapLater('capacity', () => unsqueeze(g, capacity, 0));
  g.tapLater('expert-counts', () => sum(g, hot, 0, false));
  g.tapLater('balance-loss', () => balanceLoss(g, gates, indices));
  const kept = g.op('Where', [isDropped, g.scalar('float32', 0), values], values);
  const whole = g.op('Max', [sum(g, kept, -1, true), g.scalar('float32', float32Epsilon)], {
    type: 'float32',
    shape: [tokens, 1],
  });
  return {
    experts: g.op('Where', [isDropped, g.scalar('int64', -1), indices], indices),
    weights: k === 1 ? kept : divide(g, kept, whole),
  };
}

/** ceil(T / E · factor · k), at least `least`: [] int64. */
function capacityOf(g: GraphBuilder, logits: Value, { topK: k, factor, least }: Capacity): Value {
  const whole = (number: number): Value => g.scalar('int64', number);
  const divisor = fixedDim(logits, -1) * thousandths;
  const wanted = multiply(g, lengthOf(g, logits, 0), whole(Math.round(factor * k * thousandths)));
  const capacity = divide(g, add(g, wanted, whole(divisor - 1)), whole(divisor));
  return g.op('Max', [capacity, whole(least)], capacity);
}

/** E · Σ over experts of their mean probability times the share of tokens of which they are the first choice: [1]. */
function balanceLoss(g: GraphBuilder, gates: Value, indices: Value): Value {
  const experts = fixedDim(gates, -1);
  const first = g.op('Slice', [indices, g.list(0), g.list(1), g.list(1)], {
    type: 'int64',
    shape: [indices.shape[0] as Dim, 1],
  });
  const isFirst = cast(g, equal(g, first, expertNumbers(g, experts)), 'float32'); // [T, E]
  const product = multiply(g, mean(g, gates, 0, false), mean(g, isFirst, 0, false)); // [E]
  return multiply(g, sum(g, product, 0, true), g.scalar('float32', experts));
}

/** [.., n] int64 → [.., n, size]: 1 at the number, nowhere for −1. */
export function oneHot(
  g: GraphBuilder,
  numbers: Value,
  size: number,
  type: 'float32' | 'int64',
): Value {
  const apart = unsqueeze(g, numbers, numbers.shape.length);
  return cast(g, equal(g, apart, expertNumbers(g, size)), type);
}

const expertNumbers = (g: GraphBuilder, count: number): Value =>
  g.list(...Array.from({ length: count }, (_, index) => index));
