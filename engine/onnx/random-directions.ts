/** Directions drawn from a seed: those of one block of them are at right angles to one another. */
import { seededRandom, type RandomSource } from '../seeded-random.ts';

/** [rows, columns]: normal vectors drawn from a seed, every `columns` of them orthogonal. */
export interface RandomDirections {
  readonly rows: number;
  readonly columns: number;
  readonly seed: number;
  /** Different uses of one seed, such as two layers, draw different directions. */
  readonly use: string;
}

/**
 * [rows, columns]: each row by itself is a vector of normal numbers, but of every `columns` rows all are orthogonal, so
 * that together they cover the space more evenly than independent ones. Source: Performer (2009.14794), section 2.4.
 */
export function fillRandomDirections({ rows, columns, seed, use }: RandomDirections): Float32Array {
  const normal = normalNumbers(seededRandom(seed ^ hashOf(use)));
  const vector = (): Float64Array => Float64Array.from({ length: columns }, normal);
  const table = new Float32Array(rows * columns);
  let block: Float64Array[] = [];
  for (let row = 0; row < rows; row++) {
    if (row % columns === 0) block = [];
    const direction = orthogonalTo(block, vector());
    block.push(direction);
    const length = Math.hypot(...vector());
    table.set(
      direction.map((number) => number * length),
      row * columns,
    );
  }
  return table;
}

/** What is left of a vector without its share along each of some unit vectors, of length 1. */
function orthogonalTo(units: readonly Float64Array[], vector: Float64Array): Float64Array {
  const rest = vector.slice();
  for (const unit of units) {
    const share = unit.reduce((sum, number, index) => sum + number * (rest[index] ?? 0), 0);
    for (const [index, number] of unit.entries()) rest[index] = (rest[index] ?? 0) - share * number;
  }
  const length = Math.hypot(...rest);
  return rest.map((number) => number / length);
}

/** By Box and Muller's formula. */
const normalNumbers = (random: RandomSource) => (): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** FNV-1a, so that each use of one seed draws numbers of its own. */
function hashOf(use: string): number {
  let hash = 0x811c_9dc5;
  for (const character of use)
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x0100_0193) >>> 0;
  return hash;
}
