/** Chooses the next token from logits. */
import type { Sampling } from '#engine/node/host-step.ts';
import { seededRandom, type RandomSource } from '#engine/seeded-random.ts';
import { AdjustedLogits, noContext, type AnswerContext } from './adjusted-logits.ts';
import { orderByProbability, reach, weightDownTo } from './probability-order.ts';

type Choosing = Pick<Sampling, 'strategy' | 'temperature' | 'topK' | 'topP' | 'minP'>;

/** logits [V] → token id. */
export function nextToken(logits: Float32Array, sampling: Choosing, random: RandomSource): number {
  return sampling.strategy === 'greedy' ? largest(logits) : draw(logits, sampling, random);
}

/**
 * Chooses the tokens of one answer. Each place of it has a random number of its own, and logits count as what is
 * before the place makes them, so that a guess is chosen as the token itself will be.
 */
export class TokenChoice {
  readonly #sampling: Sampling;
  readonly #adjusted: AdjustedLogits;
  readonly #random: RandomSource;
  readonly #drawn: number[] = [];
  #written = 0;

  /** `index` is the answer's among several to one prompt. */
  constructor(sampling: Sampling, context: AnswerContext = noContext, index = 0) {
    this.#sampling = sampling;
    this.#adjusted = new AdjustedLogits(sampling, context);
    this.#random = seededRandom(seedOfAnswer(sampling.seed, index));
  }

  /** The next token of logits [V]. */
  choose(logits: Float32Array): number {
    return this.foresee(logits, []);
  }

  /** The token of logits [V] behind guesses that follow the answer so far. */
  foresee(logits: Float32Array, guesses: readonly number[]): number {
    const place = this.#written + guesses.length;
    while (this.#drawn.length <= place) this.#drawn.push(this.#random());
    const adjusted = this.#adjusted.adjust(logits, guesses);
    return nextToken(adjusted, this.#sampling, () => this.#drawn[place] as number);
  }

  /** The answer has one more token. */
  write(id: number): void {
    this.#written += 1;
    this.#adjusted.write(id);
  }
}

/** The first answer is the one that the seed draws alone; seeds of the others are drawn, as neighbouring ones are used too. */
function seedOfAnswer(seed: number, index: number): number {
  if (index === 0) return seed;
  const random = seededRandom(~seed);
  let drawn = 0;
  for (let count = 0; count < index; count++) drawn = random();
  return drawn * 2 ** 32;
}

/** The first of the largest, as the reference libraries' arg-max. */
export function largest(numbers: ArrayLike<number>): number {
  let best = 0;
  let most = numbers[0]!;
  for (let at = 1; at < numbers.length; at++) {
    if (!(numbers[at]! > most)) continue;
    best = at;
    most = numbers[at]!;
  }
  return best;
}

/** Temperature, then top-k, top-p and min-p, then one draw: the order of transformers. */
function draw(
  logits: Float32Array,
  { temperature, topK, topP, minP }: Choosing,
  random: RandomSource,
): number {
  const order = orderByProbability(logits, logits[largest(logits)]!, temperature);
  let kept = topK > 0 ? reach(order, 'count', topK).weight : order.total;
  // The nucleus ends with the token that reaches p.
  if (topP < 1) kept = reach(order, 'weight', topP * kept).weight;
  // Each keeps the best tokens up to some place, so that the narrowest of them decides.
  if (minP > 0) kept = Math.min(kept, weightDownTo(order, minP));
  return reach(order, 'weight', random() * kept).id;
}
