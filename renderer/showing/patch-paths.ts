/** Outlines of patches in the measures of their grid, as SVG paths: a patch is one unit wide and high. Pure. */
import { keptMarks, mostAttended, type PatchMarks } from '#engine/contract/showing.ts';

export interface KeptPaths {
  /** All that is gone, as an area. */
  readonly gone: string;
  /** Where kept patches end, the sides of the picture among them. */
  readonly edges: string;
  /** Centres of the patches that are singled out. */
  readonly singledOut: readonly Point[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export function keptPaths({ grid, ofPatches }: PatchMarks): KeptPaths {
  const isKept = ofPatches.map((mark) => mark !== keptMarks.gone);
  const gone = areaOf(grid.columns, (place) => isKept[place] === false, ofPatches.length);
  const edges = edgesBetween(
    grid,
    (one, other) => (isKept[one] ?? false) !== (isKept[other] ?? false),
  );
  const singledOut = ofPatches.flatMap((mark, place) =>
    mark === keptMarks.singledOut ? [centreOf(place, grid.columns)] : [],
  );
  return { gone, edges, singledOut };
}

/** Patches that share a token with others. */
export interface MergedPaths {
  /** By one of a few hues, so that tokens beside one another can be told apart. */
  readonly areas: readonly string[];
  /** Where one token ends and another one begins; between two that were not merged there is none. */
  readonly edges: string;
  /** From patch to patch of one token, where these do not touch. */
  readonly links: string;
}

export const mergedHues = 6;

export function mergedPaths({ grid, ofPatches }: PatchMarks): MergedPaths {
  const tokens = new Map<number, number[]>();
  for (const [place, token] of ofPatches.entries())
    tokens.set(token, [...(tokens.get(token) ?? []), place]);
  const merged = [...tokens].filter(([, places]) => places.length > 1);
  const hueOf = new Map(merged.map(([token], index) => [token, index % mergedHues]));
  const areas = Array.from({ length: mergedHues }, (_, hue) =>
    areaOf(grid.columns, (place) => hueOf.get(ofPatches[place] ?? NaN) === hue, ofPatches.length),
  );
  const isMerged = (place: number): boolean => hueOf.has(ofPatches[place] ?? NaN);
  const edges = edgesBetween(
    grid,
    (one, other) => ofPatches[one] !== ofPatches[other] && (isMerged(one) || isMerged(other)),
  );
  const links = merged.map(([, places]) => linksOf(places, grid.columns)).join('');
  return { areas, edges, links };
}

/** Of how many strengths a veil over what is hardly looked at is. */
export const veilSteps = 8;

/** Areas from what is hardly looked at to what is looked at most; the last is clear. */
export function attendedPaths({ grid, ofPatches }: PatchMarks): readonly string[] {
  // By the root, as a few patches mostly get far more than all others, of which something is to be seen too.
  const stepOf = (mark: number): number =>
    Math.round((veilSteps - 1) * Math.sqrt(mark / mostAttended));
  const steps = ofPatches.map(stepOf);
  return Array.from({ length: veilSteps }, (_, step) =>
    areaOf(grid.columns, (place) => steps[place] === step, ofPatches.length),
  );
}

const centreOf = (place: number, columns: number): Point => ({
  x: (place % columns) + 0.5,
  y: Math.floor(place / columns) + 0.5,
});

/** Neighbours in a row make one rectangle. */
function areaOf(columns: number, isIn: (place: number) => boolean, count: number): string {
  let path = '';
  for (let place = 0; place < count; place++) {
    if (!isIn(place)) continue;
    const start = place;
    while ((place + 1) % columns !== 0 && place + 1 < count && isIn(place + 1)) place += 1;
    const width = place - start + 1;
    path += `M${start % columns} ${Math.floor(start / columns)}h${width}v1h${-width}z`;
  }
  return path;
}

/** Beyond the sides of the grid lies place −1. */
function edgesBetween(
  { rows, columns }: PatchMarks['grid'],
  differ: (one: number, other: number) => boolean,
): string {
  const at = (row: number, column: number): number =>
    row < 0 || column < 0 || row >= rows || column >= columns ? -1 : row * columns + column;
  let path = '';
  for (let row = 0; row <= rows; row++) {
    for (let column = 0; column <= columns; column++) {
      const here = at(row, column);
      if (column < columns && differ(here, at(row - 1, column))) path += `M${column} ${row}h1`;
      if (row < rows && differ(here, at(row, column - 1))) path += `M${column} ${row}v1`;
    }
  }
  return path;
}

/** Each patch to the nearest one before it, which joins all of them; touching ones need no line. */
function linksOf(places: readonly number[], columns: number): string {
  let path = '';
  for (const [index, place] of places.entries()) {
    const to = centreOf(place, columns);
    const before = places.slice(0, index).map((each) => centreOf(each, columns));
    const [nearest] = before.toSorted((a, b) => distance(a, to) - distance(b, to));
    if (nearest && distance(nearest, to) > 1) path += `M${nearest.x} ${nearest.y}L${to.x} ${to.y}`;
  }
  return path;
}

const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y);
