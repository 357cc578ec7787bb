/** The operators of a row laid out as a flame chart: parts above what lies in them, wide as the time they take. Pure. */
import type { Operator } from '../contract/operators.ts';

export interface Frame {
  /** Unlike that of any other frame of the chart. */
  readonly id: string;
  readonly title: string;
  /** 0 for what lies in nothing else. */
  readonly depth: number;
  /** Shares of the row's time. */
  readonly start: number;
  readonly width: number;
  /** Null for a part, which holds the frames below it. */
  readonly operator: Operator | null;
}

/** A frame where it lies in a window. */
export interface SeenFrame extends Frame {
  /** The same where it lies in the row. */
  readonly whole: Frame;
}

/** Of the row's time, from its left end. */
export interface Window {
  readonly start: number;
  readonly width: number;
}

export const wholeRow: Window = { start: 0, width: 1 };

interface OpenPart {
  readonly title: string;
  readonly start: number;
  readonly at: number;
}

/** In the order in which they run; operators of a part that follow one another share its frame. Left to right, top down. */
export function flameOf(operators: readonly Operator[]): readonly Frame[] {
  const all = operators.reduce((sum, { profiledMs }) => sum + profiledMs, 0);
  if (all === 0) return [];
  const frames: Frame[] = [];
  const open: OpenPart[] = [];
  let end = 0;
  const closeTo = (depth: number): void => {
    while (open.length > depth) {
      const { start, at } = open.pop() as OpenPart;
      frames[at] = { ...(frames[at] as Frame), width: end - start };
    }
  };
  for (const operator of operators) {
    const path = operator.part === '' ? [] : operator.part.split('/');
    const shared = path.findIndex((title, depth) => open[depth]?.title !== title);
    closeTo(shared < 0 ? path.length : shared);
    for (const title of path.slice(open.length)) {
      open.push({ title, start: end, at: frames.length });
      frames.push(frame(frames.length, title, open.length - 1, end, null));
    }
    const own = frame(frames.length, operator.kind, path.length, end, operator);
    frames.push({ ...own, width: operator.profiledMs / all });
    end += operator.profiledMs / all;
  }
  closeTo(0);
  return frames;
}

const frame = (
  at: number,
  title: string,
  depth: number,
  start: number,
  operator: Operator | null,
): Frame => ({ id: `${at}`, title, depth, start, width: 0, operator });

/** Frames that are seen in a window, each where it lies in it; none that would be a hair. */
export function framesWithin(
  frames: readonly Frame[],
  window: Window,
  leastShare: number,
): readonly SeenFrame[] {
  return frames.flatMap((each) => {
    const start = Math.max(0, (each.start - window.start) / window.width);
    const end = Math.min(1, (each.start + each.width - window.start) / window.width);
    return end - start >= leastShare ? [{ ...each, start, width: end - start, whole: each }] : [];
  });
}

export const directions = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'] as const;
export type Direction = (typeof directions)[number];

/** The frame that an arrow leads to: the next of the same depth, the part around it, or the first within it. */
export function nextFrame(
  frames: readonly Frame[],
  from: Frame,
  direction: Direction,
): Frame | undefined {
  const sideways = frames.filter(({ depth }) => depth === from.depth);
  const at = sideways.findIndex(({ id }) => id === from.id);
  if (direction === 'ArrowLeft') return sideways[at - 1];
  if (direction === 'ArrowRight') return sideways[at + 1];
  if (direction === 'ArrowUp')
    return frames.find(({ depth, ...each }) => depth === from.depth - 1 && holds(each, from));
  return frames.find(({ depth, ...each }) => depth === from.depth + 1 && holds(from, each));
}

/** Sums of shares differ in their last digits. */
const hair = 1e-9;

const holds = (outer: Window, inner: Window): boolean =>
  inner.start >= outer.start - hair &&
  inner.start + inner.width <= outer.start + outer.width + hair;
