/** Chooses the next token from logits. */
import type { Sampling } from '#engine/plan/host-step.ts';
import type { RandomSource } from '#engine/seeded-random.ts';

/** logits [V] → token id. */
export function nextToken(logits: Float32Array, sampling: Sampling, random: RandomSource): number {
  return sampling.strategy === 'greedy' ? largest(logits) : draw(logits, sampling, random);
}

/** The first of the largest, as the reference libraries' arg-max. */
function largest(logits: Float32Array): number {
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
  const order = Uint32Array.from(logits.keys()).toSorted((a, b) => logits[b]! - logits[a]!);
  const kept = topK > 0 ? order.subarray(0, topK) : order;
  const most = logits[kept[0] as number]!;
  const weights = Float64Array.from(kept, (id) => Math.exp((logits[id]! - most) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);

  // The nucleus ends with the token that reaches p; at least one token stays.
  let nucleus = 0;
  let reached = 0;
  while (nucleus < weights.length && (nucleus === 0 || reached < topP * total))
    reached += weights[nucleus++]!;

  let place = random() * reached;
  for (let index = 0; index < nucleus; index++) {
    place -= weights[index]!;
    if (place < 0) return kept[index] as number;
  }
  return kept[nucleus - 1] as number;
}
