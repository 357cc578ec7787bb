/** Where the tokens of a Funnel Transformer lie, and how far apart they are, as they are pooled block after block. */

/** Distances that fall by `step`: of every query to every key, in the order in which they are read. */
export interface Distances {
  readonly first: number;
  readonly step: number;
  readonly count: number;
}

export interface FunnelDistances {
  /** Of pooled queries to the tokens of the block before; null in the first block. */
  readonly pooling: Distances | null;
  readonly within: Distances;
}

/** The first tokens of the pairs that are pooled. */
export const pooledPlaces = (count: number, hasClass: boolean): readonly number[] =>
  Array.from({ length: Math.ceil(count / 2) }, (_, index) =>
    hasClass ? Math.max(0, 2 * index - 1) : 2 * index,
  );

/**
 * Of each block of `count` tokens before the first pooling. A token keeps the place of the first of those that it stands
 * for; the class token is taken to lie one pooled step before the first of the others.
 */
export function distancesOf(
  count: number,
  blocks: number,
  hasClass: boolean,
): readonly FunnelDistances[] {
  let places = Array.from({ length: count }, (_, place) => place);
  return Array.from({ length: blocks }, (_, block) => {
    if (block === 0) return { pooling: null, within: distances(places, places, 1, 1) };
    const before = places;
    places = pooledPlaces(before.length, hasClass).map((at) => before[at] as number);
    if (hasClass) places[0] = 1 - 2 ** block;
    const step = 2 ** block;
    return {
      pooling: distances(before, places, step / 2, 2),
      within: distances(places, places, step, 1),
    };
  });
}

/** `shift` says by how many steps a query goes on where a key goes on by one. */
function distances(
  keys: readonly number[],
  queries: readonly number[],
  step: number,
  shift: number,
): Distances {
  const [firstKey = 0, firstQuery = 0] = [keys[0], queries[0]];
  const first = firstQuery - firstKey + shift * queries.length * step;
  const last = firstQuery - (keys.at(-1) ?? 0);
  return { first, step, count: Math.floor((first - last) / step) + 1 };
}
