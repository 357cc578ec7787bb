/** Whether two measured times differ, and by how much: a difference that chance explains is none. Pure. */
import type { Latency, LanguageReport, Report } from '../contract/report.ts';
import { isDecoding } from '../contract/run-event.ts';
import { formatTimes } from './format-ratio.ts';

/** Differences below this are noise on a machine that does other things too. */
export const noise = 0.05;

/** A time, and between which two it may truly lie, where that is known. */
export type Timed = Pick<Latency, 'median' | 'interval'>;

/** No narrower than what another start of the same process changes. */
function span({ median, interval }: Timed): readonly [number, number] {
  const least = (noise / 2) * median;
  return [
    Math.min(interval?.from ?? median, median - least),
    Math.max(interval?.to ?? median, median + least),
  ];
}

/** "1.8× faster", of the second against the first; null where either was not measured. */
export function speedWords(a: Timed, b: Timed): string | null {
  if (!(a.median > 0 && b.median > 0)) return null;
  const [aFrom, aTo] = span(a);
  const [bFrom, bTo] = span(b);
  if (aFrom <= bTo && bFrom <= aTo) return 'as fast, within noise';
  const ratio = a.median / b.median;
  return ratio > 1 ? `${formatTimes(ratio)} faster` : `${formatTimes(1 / ratio)} slower`;
}

export const firstToken = ({
  timeToFirstTokenMs,
  timeToFirstTokenInterval,
}: LanguageReport): Timed => ({
  median: timeToFirstTokenMs ?? 0,
  interval: timeToFirstTokenInterval,
});

export const wholePass = ({ totals }: Report): Timed => ({
  median: totals.wallMs,
  interval: totals.wallInterval,
});

/** A language model and the report that it is of. */
export type Written = readonly [Report, LanguageReport];

/** What a new token takes, within what the rows that take turns in writing it do. */
export function tokenTime([{ stages }, { node, decodeTokensPerSecond }]: Written): Timed {
  const rows = stages.filter((stage) => stage.node === node && isDecoding(stage));
  const sumOf = (pick: (latency: Latency) => number): number =>
    rows.reduce((sum, { latencyMs }) => sum + pick(latencyMs), 0);
  const median = 1000 / (decodeTokensPerSecond ?? Infinity);
  const scale = median / sumOf((latency) => latency.median);
  const isKnown = rows.some(({ latencyMs }) => latencyMs.interval !== null);
  const interval = {
    from: scale * sumOf((latency) => latency.interval?.from ?? latency.median),
    to: scale * sumOf((latency) => latency.interval?.to ?? latency.median),
    certainty: 0.95,
  };
  return { median, interval: isKnown ? interval : null };
}
