/** Rotary positions of patches on a grid: one half of each head turns by the row, the other by the column. */
import type { AxialRotaryTable, TableGrid } from './weight.ts';

interface AxialShape {
  readonly grid: TableGrid;
  readonly headSize: number;
  readonly base: number;
  readonly prefixTokens: number;
}

/** Powers of the base over an axis's share of a head; `from` + `step` i in channels of the head. */
const powers = (headSize: number, base: number, from: number, step: number): readonly number[] =>
  Array.from({ length: headSize / 4 }, (_, pair) => base ** (-(from + step * pair) / headSize));

/** Qwen2-VL: whole positions; patches come in groups of `group` × `group` that the merger joins. */
export function axialTable({
  grid,
  headSize,
  base,
  prefixTokens,
  group = 1,
}: AxialShape & { readonly group?: number }): AxialRotaryTable {
  const frequencies = powers(headSize, base, 0, 4);
  const axis = (count: number) => ({ count, start: 0, step: 1, frequencies });
  return { prefixTokens, group, vertical: axis(grid.rows), horizontal: axis(grid.columns) };
}

/** Pixtral: rows turn by the even powers of a head's frequencies, columns by the odd ones. */
export function alternatingAxialTable(shape: AxialShape): AxialRotaryTable {
  const table = axialTable(shape);
  const odd = powers(shape.headSize, shape.base, 2, 4);
  return { ...table, horizontal: { ...table.horizontal, frequencies: odd } };
}

/** EVA-02: positions stretched so that the grid spans as much as the one of pretraining. */
export function stretchedAxialTable(
  shape: AxialShape & { readonly trainedGrid: TableGrid },
): AxialRotaryTable {
  const { vertical, horizontal, ...rest } = axialTable(shape);
  const { trainedGrid, grid } = shape;
  return {
    ...rest,
    vertical: { ...vertical, step: trainedGrid.rows / grid.rows },
    horizontal: { ...horizontal, step: trainedGrid.columns / grid.columns },
  };
}

/** DINOv3: centres of patches between −1 and 1, a full turn a unit for the fastest pair. */
export function centredAxialTable(shape: AxialShape): AxialRotaryTable {
  const frequencies = powers(shape.headSize, shape.base, 0, 4).map((power) => 2 * Math.PI * power);
  const axis = (count: number) => ({ count, start: 1 / count - 1, step: 2 / count, frequencies });
  const { prefixTokens, grid } = shape;
  return { prefixTokens, group: 1, vertical: axis(grid.rows), horizontal: axis(grid.columns) };
}

/** Tokens of a table, one row each. */
export function axialTableRows({ prefixTokens, vertical, horizontal }: AxialRotaryTable): number {
  return prefixTokens + vertical.count * horizontal.count;
}

/** Pairs that a table turns: those of rows, then those of columns. */
export function axialTablePairs({ vertical, horizontal }: AxialRotaryTable): number {
  return vertical.frequencies.length + horizontal.frequencies.length;
}

/** Cosine or sine of every token and pair, [tokens, pairs]. */
export function fillAxialTable(
  table: AxialRotaryTable,
  part: 'axial-cosine' | 'axial-sine',
): Float32Array {
  const { prefixTokens, vertical, horizontal, group } = table;
  const wave = part === 'axial-cosine' ? Math.cos : Math.sin;
  const pairs = axialTablePairs(table);
  const filled = new Float32Array(axialTableRows(table) * pairs);
  filled.fill(wave(0), 0, prefixTokens * pairs);
  const groupsAcross = horizontal.count / group;
  for (let patch = 0; patch < vertical.count * horizontal.count; patch++) {
    const inGroup = patch % (group * group);
    const groupAt = Math.floor(patch / (group * group));
    const row = group * Math.floor(groupAt / groupsAcross) + Math.floor(inGroup / group);
    const column = group * (groupAt % groupsAcross) + (inGroup % group);
    const down = vertical.start + row * vertical.step;
    const across = horizontal.start + column * horizontal.step;
    const angles = [
      ...vertical.frequencies.map((frequency) => frequency * down),
      ...horizontal.frequencies.map((frequency) => frequency * across),
    ];
    filled.set(angles.map(wave), (prefixTokens + patch) * pairs);
  }
  return filled;
}
