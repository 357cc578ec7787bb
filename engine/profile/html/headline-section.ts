/** The figures of a run that one looks for first. Pure. */
import { formatBytes, formatMilliseconds, formatRate } from '../../contract/format.ts';
import type { Report } from '../../contract/report.ts';
import { markup, type Markup } from './markup.ts';
import { withSpread } from './stage-section.ts';

export function headlineSection({ totals }: Report): Markup | null {
  const {
    wallMs,
    wallInterval,
    timeToFirstTokenMs,
    timeToFirstTokenInterval,
    prefillTokensPerSecond,
    decodeTokensPerSecond,
    peakBytes,
  } = totals;
  if (wallMs === 0) return null;
  const figures = [
    figure('whole pass', withSpread(wallMs, { median: wallMs, interval: wallInterval })),
    timeToFirstTokenMs === null
      ? null
      : figure(
          'to first token',
          withSpread(timeToFirstTokenMs, {
            median: timeToFirstTokenMs,
            interval: timeToFirstTokenInterval,
          }),
        ),
    rate('prefill tokens / s', prefillTokensPerSecond),
    rate('tokens / s', decodeTokensPerSecond),
    figure('all stages', formatMilliseconds(totals.stagesMs)),
    figure('peak', formatBytes(peakBytes)),
  ];
  return markup`<dl class="figures">${figures}</dl>`;
}

const figure = (of: string, value: Markup | string): Markup =>
  markup`<div><dt>${of}</dt><dd>${value}</dd></div>`;

const rate = (of: string, perSecond: number | null): Markup | null =>
  perSecond === null ? null : figure(of, formatRate(perSecond));
