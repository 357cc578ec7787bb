/** Chooses the next token from logits. */
import type { Sampling } from '#engine/node/host-step.ts';
import { seededRandom, type RandomSource } from '#engine/seeded-random.ts';
import { orderByProbability, reach } from './probability-order.ts';

/** logits [V] → token id. */
export function nextToken(logits: Float32Array, sampling: Sampling, random: RandomSource): number {
  return sampling.strategy === 'greedy' ? largest(logits) : draw(logits, sampling, random);
}

/** Each place of the answer has a random number of its own, so that a guess is drawn as the token itself will be. */
export function choiceByPlace(sampling: Sampling): (logits: Float32Array, place: number) => number {
  const random = seededRandom(sampling.seed);
  const drawn: number[] = [];
  return (logits, place) => {
    while (drawn.length <= place) drawn.push(random());
    return nextToken(logits, sampling, () => drawn[place] as number);
  };
}

/** The first of the largest, as the reference libraries' arg-max. */
export function largest(logits: Float32Array): number {
  let best = 0;
  for (let id = 1; id < logits.length; id++) if (logits[id]! > logits[best]!) best = id;
  return best;
}

/** Temperature, then top-k, then top-p, then one draw: the order of the reference libraries. */
function draw(
  logits: Float32Array,
  { temperature, topK, topP }: Sampling,
  random: RandomSource,
): number {
  const order = orderByProbability(logits, logits[largest(logits)]!, temperature);
  let kept = topK > 0 ? reach(order, 'count', topK).weight : order.total;
  // The nucleus ends with the token that reaches p.
  if (topP < 1) kept = reach(order, 'weight', topP * kept).weight;
  return reach(order, 'weight', random() * kept).id;
}
