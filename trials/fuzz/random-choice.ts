/** Choices that a seed makes. */
import type { RandomSource } from '#engine/seeded-random.ts';

/** A whole number in [0, count). */
export const below = (random: RandomSource, count: number): number => Math.floor(random() * count);

export function oneOf<Item>(random: RandomSource, items: readonly [Item, ...Item[]]): Item;
export function oneOf<Item>(random: RandomSource, items: readonly Item[]): Item | undefined;
export function oneOf<Item>(random: RandomSource, items: readonly Item[]): Item | undefined {
  return items[below(random, items.length)];
}
