/** What a run held over time, as areas that lie on one another and a line over them. Pure. */
import type { MemoryKind, MemoryMoment } from '#engine/contract/report.ts';
import { roundTicks } from './chart-scale.ts';

/** Areas from the ground up, each with its hue in the chart. */
export const memoryKinds = [
  { kind: 'weights', hue: 'var(--weights)' },
  { kind: 'packedCopies', hue: 'var(--projector)' },
  { kind: 'state', hue: 'var(--language)' },
  { kind: 'activations', hue: 'var(--encoder)' },
] as const satisfies readonly { readonly kind: MemoryKind; readonly hue: string }[];

/** The canvas that paths are drawn on, stretched over the chart. */
export const canvas = { width: 1000, height: 100 } as const;

export interface Tick {
  readonly value: number;
  /** Along its axis, 0 to 1. */
  readonly share: number;
}

/** From where a row was at work to where the next one was. */
export interface WorkSpan {
  readonly stage: string;
  readonly start: number;
  readonly width: number;
}

export interface MemoryAreas {
  /** The closed path of what is no stage's: the least that was resident beyond all kinds, on which these lie. */
  readonly ground: string;
  /** Closed paths, in the order of `memoryKinds`. */
  readonly areas: readonly string[];
  /** The path of what was resident. */
  readonly line: string;
  readonly byteTicks: readonly Tick[];
  readonly timeTicks: readonly Tick[];
  readonly work: readonly WorkSpan[];
  /** Where each moment lies along the time axis, 0 to 1. */
  readonly places: readonly number[];
}

/** Above the highest there is a little room. */
const headroom = 1.05;
const mostByteTicks = 4;
const mostTimeTicks = 6;

/** Of moments by time, at least one. */
export function memoryAreas(moments: readonly MemoryMoment[]): MemoryAreas {
  const from = moments[0]?.atMs ?? 0;
  const until = moments.at(-1)?.atMs ?? 0;
  const rangeMs = Math.max(until - from, Number.MIN_VALUE);
  const groundBytes = leastBeyondKinds(moments);
  const stacks = moments.map(({ byKind }) => stackOf(byKind, groundBytes));
  const highest = Math.max(
    1,
    ...moments.map(({ residentBytes }) => residentBytes),
    ...stacks.map((stack) => stack.at(-1) ?? 0),
  );
  const topBytes = highest * headroom;
  const places = moments.map(({ atMs }) => (atMs - from) / rangeMs);
  const point = (index: number, bytes: number): string =>
    `${rounded((places[index] ?? 0) * canvas.width)},${rounded((1 - bytes / topBytes) * canvas.height)}`;
  const edge = (level: number): readonly string[] =>
    stacks.map((stack, index) => point(index, stack[level] ?? 0));
  const between = (level: number, below: readonly string[]): string =>
    `M${[...edge(level), ...below.toReversed()].join('L')}Z`;
  return {
    ground: between(
      0,
      moments.map((_, index) => point(index, 0)),
    ),
    areas: memoryKinds.map((_, kind) => between(kind + 1, edge(kind))),
    line: `M${moments.map(({ residentBytes }, index) => point(index, residentBytes)).join('L')}`,
    byteTicks: roundTicks(0, topBytes, mostByteTicks).map((value) => ({
      value,
      share: value / topBytes,
    })),
    timeTicks: roundTicks(from, until, mostTimeTicks).map((value) => ({
      value,
      share: (value - from) / rangeMs,
    })),
    work: workSpans(moments, places),
    places,
  };
}

const rounded = (value: number): number => Math.round(value * 100) / 100;

/** How high the ground reaches, and each kind with all below it. */
function stackOf(byKind: MemoryMoment['byKind'], groundBytes: number): readonly number[] {
  let sum = groundBytes;
  return [sum, ...memoryKinds.map(({ kind }) => (sum += byKind[kind]))];
}

/** The program, its libraries, and what they have not given back; never so much that areas would rise above the line. */
function leastBeyondKinds(moments: readonly MemoryMoment[]): number {
  const beyond = moments.map(
    ({ residentBytes, byKind }) =>
      residentBytes - memoryKinds.reduce((sum, { kind }) => sum + byKind[kind], 0),
  );
  return Math.max(0, Math.min(...beyond));
}

function workSpans(
  moments: readonly MemoryMoment[],
  places: readonly number[],
): readonly WorkSpan[] {
  const spans: WorkSpan[] = [];
  let since = 0;
  for (const [index, { stage }] of moments.entries()) {
    if (moments[index + 1]?.stage === stage) continue;
    const start = places[since] ?? 0;
    const end = places[index + 1] ?? places[index] ?? 0;
    if (stage !== null && end > start) spans.push({ stage, start, width: end - start });
    since = index + 1;
  }
  return spans;
}

/** Only the timed passes; none where there are none. */
export function timedMoments(moments: readonly MemoryMoment[]): readonly MemoryMoment[] {
  const first = moments.findIndex(({ phase }) => phase === 'running');
  return first < 0 ? [] : moments.slice(first);
}

/** The moment that lies nearest to a place on the time axis. */
export function nearestMoment(places: readonly number[], share: number): number {
  let nearest = 0;
  for (const [index, place] of places.entries())
    if (Math.abs(place - share) < Math.abs((places[nearest] ?? 0) - share)) nearest = index;
  return nearest;
}

/** Where the process held most. */
export function highestMoment(moments: readonly MemoryMoment[]): number {
  const most = Math.max(...moments.map(({ residentBytes }) => residentBytes));
  return moments.findIndex(({ residentBytes }) => residentBytes === most);
}
