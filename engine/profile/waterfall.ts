/** Where each stage stands within one pass: median latencies laid one after another up to the wall clock. Pure. */
import type { Report } from '../contract/report.ts';

export interface Span {
  /** The stage's id. */
  readonly id: string;
  /** As shares of the whole width, 0 to 1. */
  readonly start: number;
  readonly width: number;
}

export interface Waterfall {
  readonly spans: readonly Span[];
  /** The whole width: the wall clock, or the stages so far where no pass has ended. */
  readonly wholeMs: number;
  /** From the last stage to the wall clock; null where that is not known, or nothing is left. */
  readonly rest: Omit<Span, 'id'> | null;
  /** What lies outside the stages, as a share of the wall clock; null before a pass has ended. */
  readonly unaccounted: number | null;
}

export function waterfall({ stages, totals }: Report): Waterfall {
  const sumMs = stages.reduce((sum, { latencyMs }) => sum + latencyMs.median, 0);
  // Medians of the stages can add up to a little more than the median of the whole.
  const wholeMs = Math.max(sumMs, totals.wallMs);
  const share = (ms: number): number => (wholeMs > 0 ? ms / wholeMs : 0);
  let atMs = 0;
  const spans = stages.map(({ id, latencyMs }): Span => {
    const start = share(atMs);
    atMs += latencyMs.median;
    return { id, start, width: share(latencyMs.median) };
  });
  const { wallMs, stagesMs } = totals;
  return {
    spans,
    wholeMs,
    rest: wallMs > sumMs ? { start: share(sumMs), width: 1 - share(sumMs) } : null,
    unaccounted: wallMs > 0 ? Math.max(0, wallMs - stagesMs) / wallMs : null,
  };
}
