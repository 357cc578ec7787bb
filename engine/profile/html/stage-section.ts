/** The stages of a run, each with its figures and its place in the pass, as the app's Stages tab has them. Pure. */
import { formatBytes, formatMilliseconds } from '../../contract/format.ts';
import type { StageReport } from '../../contract/report.ts';
import { rowTitle } from '../../contract/run-event.ts';
import { formatPercent, formatSpread } from '../format-ratio.ts';
import { passCount } from '../pass-count.ts';
import { rowsToldApart } from '../language-titles.ts';
import { passSentences } from '../pass-sentences.ts';
import { tokensText } from '../tokens-text.ts';
import { waterfall, type Span } from '../waterfall.ts';
import { barsOf } from './bars.ts';
import { markup, type Markup } from './markup.ts';
import { hueOf, type SavedReport } from './saved-report.ts';
import { htmlTable, type Column } from './table.ts';

/** A stage, or all of them. */
interface Row {
  readonly title: Markup | string;
  readonly kind: string;
  readonly median: Markup | string;
  readonly p95: string;
  readonly peak: string;
  readonly tokens: string;
  readonly chart: Markup;
}

export function stageSection({ report, catalogue }: SavedReport): Markup | null {
  const { stages, totals } = report;
  if (stages.length === 0) return null;
  const fall = waterfall(report);
  const rows = rowsToldApart(report).map((stage, place): Row => {
    const hue = hueOf(stage.type, catalogue);
    const { start, width } = fall.spans[place] as Span;
    return {
      title: markup`<span class="dot" style="background:${hue}"></span>${rowTitle(stage)}`,
      kind: [stage.precision, stage.weights].filter((word) => word !== null).join(' · ') || '–',
      ...stageFigures(stage),
      chart: barsOf([{ start, width, hue }]),
    };
  });
  const rest = fall.rest ? [{ ...fall.rest, hue: 'var(--third-ink)', look: 'rest' as const }] : [];
  const whole: Row = {
    title: 'Whole pass',
    kind: '',
    median: withSpread(totals.wallMs, { median: totals.wallMs, interval: totals.wallInterval }),
    p95: '',
    peak: formatBytes(totals.peakBytes),
    tokens: '',
    chart: barsOf(rest),
  };
  const table = htmlTable(
    'Stages in the order in which they run',
    columns(passCount(report), fall.wholeMs),
    rows,
    totals.wallMs > 0 ? [whole] : [],
  );
  const outside = fall.unaccounted === null ? null : formatPercent(fall.unaccounted);
  return markup`<section><h2>Stages</h2>
${table}
${outside === null ? null : markup`<p class="quiet">${outside} of the pass lie outside of the stages.</p>`}
${certaintyNote(stages)}
${passSentences(report).map((sentence) => markup`<p class="note">${sentence}</p>`)}</section>`;
}

const columns = (passes: number, wholeMs: number): readonly Column<Row>[] => [
  { title: 'stage', cell: ({ title }) => title },
  { title: 'precision, weights', cell: ({ kind }) => kind },
  {
    title: passes > 1 ? `median of ${passes}` : 'latency',
    look: 'number',
    cell: ({ median }) => median,
  },
  { title: 'p95', look: 'number', cell: ({ p95 }) => p95 },
  { title: 'peak', look: 'number', cell: ({ peak }) => peak },
  { title: 'tokens', look: 'number', cell: ({ tokens }) => tokens },
  {
    title: wholeMs > 0 ? `0 – ${formatMilliseconds(wholeMs)}` : 'place in the pass',
    look: 'chart',
    cell: ({ chart }) => chart,
  },
];

function stageFigures(stage: StageReport): Pick<Row, 'median' | 'p95' | 'peak' | 'tokens'> {
  const { latencyMs, memory, reused } = stage;
  if (latencyMs.runs === 0)
    return { median: reused ? '– reused' : 'not measured', p95: '–', peak: '–', tokens: '–' };
  return {
    median: withSpread(latencyMs.median, latencyMs),
    p95: latencyMs.p95 === null ? '–' : formatMilliseconds(latencyMs.p95),
    peak: formatBytes(memory.peakBytes),
    tokens: tokensText(stage),
  };
}

export function withSpread(ms: number, latency: Parameters<typeof formatSpread>[0]): Markup {
  const spread = formatSpread(latency);
  return markup`${formatMilliseconds(ms)}${spread === '' ? null : markup`<span class="spread">${spread}</span>`}`;
}

/** What ± means, and how sure it is; nothing where there was a single pass. */
function certaintyNote(stages: readonly StageReport[]): Markup | null {
  const certainties = stages.flatMap(({ latencyMs }) => latencyMs.interval?.certainty ?? []);
  if (certainties.length === 0) return null;
  const least = Math.floor(100 * Math.min(...certainties));
  return markup`<p class="quiet">± says how far from the measured median the true one may lie, with a certainty of at least ${least} %.</p>`;
}
