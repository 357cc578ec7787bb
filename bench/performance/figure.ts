/** A figure beside its target: what was measured of Patchbay, what it is held against, and whether it is met. */
import { markdownTable } from '../pages/markdown-table.ts';

export type Target = { readonly atLeast: number } | { readonly atMost: number };

export interface Figure {
  readonly title: string;
  /** Patchbay's own measurement, and the one that it is held against, each as the table says it. */
  readonly ours: string;
  readonly beside: string;
  /** What the target speaks of; null where one of the sides could not be measured. */
  readonly value: number | null;
  readonly target: Target;
  /** How the value and its target are written. */
  readonly text: (value: number) => string;
}

/** Null where there is nothing to judge. */
export function isMet({ value, target }: Pick<Figure, 'value' | 'target'>): boolean | null {
  if (value === null || !Number.isFinite(value)) return null;
  return 'atLeast' in target ? value >= target.atLeast : value <= target.atMost;
}

export function figureTable(figures: readonly Figure[]): string {
  const titles = ['figure', 'Patchbay', 'held against', 'comes to', 'target', 'met'];
  const rows = figures.map((figure) => {
    const { title, ours, beside, value, text } = figure;
    const known = value !== null && Number.isFinite(value);
    return [title, ours, beside, known ? text(value) : none, targetText(figure), verdict(figure)];
  });
  return markdownTable(titles, rows, ['met']);
}

/** Where there is no measurement. */
export const none = '–';

function targetText({ target, text }: Figure): string {
  return 'atLeast' in target
    ? `at least ${text(target.atLeast)}`
    : `at most ${text(target.atMost)}`;
}

function verdict(figure: Figure): string {
  const met = isMet(figure);
  return met === null ? 'not measured' : metText(met);
}

export const metText = (met: boolean): string => (met ? 'met' : '**not met**');

export const times = (ratio: number): string => `${ratio.toFixed(2)}×`;
export const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
export const seconds = (value: number): string => `${value.toFixed(2)} s`;
export const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`;
export const gigabytesPerSecond = (rate: number): string => `${(rate / 1e9).toFixed(2)} GB/s`;
export const milliseconds = (value: number): string => `${value.toFixed(value < 10 ? 3 : 0)} ms`;
export const tokensPerSecond = (rate: number): string => `${rate.toFixed(1)} tok/s`;
