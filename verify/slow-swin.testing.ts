/** Test support: the layers of a Swin written out, on a map of which places may be missing. */
import { attend, relu, toRows, type Rows } from '#nodes/slow-formulas.testing.ts';
import { slowLinear, slowNorm, slowSum, type KnownTower } from './known-tower.testing.ts';

type Weights = Pick<KnownTower, 'numbers'>;

const epsilon = 1e-5;

export type Side = readonly [rows: number, columns: number];

/** Places of the rolled and filled map, window by window: where each lay before, and in which band it lies now. */
function windowsOf([rows, columns]: Side, window: number, shift: number) {
  const [tall, wide] = [rows, columns].map((side) => window * Math.ceil(side / window)) as [
    number,
    number,
  ];
  const band = (at: number, side: number) =>
    shift === 0 || at < side - window ? 0 : at < side - shift ? 1 : 2;
  const across = wide / window;
  return Array.from({ length: (tall / window) * across }, (_, index) =>
    Array.from({ length: window ** 2 }, (_none, inside) => {
      const y = window * Math.floor(index / across) + Math.floor(inside / window);
      const x = window * (index % across) + (inside % window);
      const [from, beside] = [(y + shift) % tall, (x + shift) % wide];
      const isThere = from < rows && beside < columns;
      const place = isThere ? from * columns + beside : null;
      return { y, x, place, region: `${band(y, tall)},${band(x, wide)}` };
    }),
  );
}

export interface SlowStage {
  readonly side: Side;
  readonly heads: number;
  readonly window: number;
  /** Which places of the map there are; all where left out. */
  readonly isKept?: (place: number) => boolean;
}

/** Rows of places that there are not stay as they were. */
export function slowLayer(
  tower: Weights,
  name: string,
  map: Rows,
  { side, heads, window, isKept = () => true }: SlowStage,
  shift: number,
): Rows {
  const normed = slowNorm(tower, `${name}.layernorm_before`, map, epsilon);
  const empty = (map[0] ?? []).map(() => 0);
  const inner = `${name}.attention.self`;
  const table = toRows(tower.numbers(`${inner}.relative_position_bias_table`), heads);
  const attended = map.map(() => empty);
  for (const places of windowsOf(side, window, shift)) {
    const tokens = places.map(({ place }) => (place === null ? empty : (normed[place] ?? [])));
    const projected = (part: string) => slowLinear(tower, `${inner}.${part}`, tokens);
    const bias = (head: number, query: number, key: number) => {
      const [a, b] = [places[query]!, places[key]!];
      if (b.place !== null && !isKept(b.place)) return -Infinity;
      const distance = (a.y - b.y + window - 1) * (2 * window - 1) + a.x - b.x + window - 1;
      return (table[distance]?.[head] ?? NaN) + (a.region === b.region ? 0 : -100);
    };
    const mixed = attend(
      projected('query'),
      projected('key'),
      projected('value'),
      heads,
      heads,
      bias,
    );
    for (const [at, { place }] of places.entries())
      if (place !== null && isKept(place)) attended[place] = [...(mixed[at] ?? [])];
  }
  const sum = slowSum(map, slowLinear(tower, `${name}.attention.output.dense`, attended));
  const second = slowNorm(tower, `${name}.layernorm_after`, sum, epsilon);
  const up = slowLinear(tower, `${name}.intermediate.dense`, second).map((row) => row.map(relu));
  return slowSum(sum, slowLinear(tower, `${name}.output.dense`, up));
}

export function slowMerging(
  tower: Weights,
  name: string,
  map: Rows,
  [rows, columns]: Side,
  isKept: (place: number) => boolean = () => true,
): Rows {
  const empty = (map[0] ?? []).map(() => 0);
  const at = (y: number, x: number) =>
    y < rows && x < columns && isKept(y * columns + x) ? (map[y * columns + x] ?? []) : empty;
  const across = Math.ceil(columns / 2);
  const squares = Array.from({ length: Math.ceil(rows / 2) * across }, (_, place) => {
    const [y, x] = [2 * Math.floor(place / across), 2 * (place % across)];
    return [...at(y, x), ...at(y + 1, x), ...at(y, x + 1), ...at(y + 1, x + 1)];
  });
  return slowLinear(
    tower,
    `${name}.reduction`,
    slowNorm(tower, `${name}.norm`, squares, epsilon),
    false,
  );
}
