/** The report of a run as a readable page: stage table with bars, totals, and what each language model answered. */
import { formatBytes, formatMilliseconds, formatRate } from '#engine/contract/format.ts';
import type { LanguageReport, Report, StageReport } from '#engine/contract/report.ts';
import { rowTitle } from '#engine/contract/run-event.ts';
import type { LatencyEstimate } from '#engine/estimate/latency.ts';
import { stateWord } from '#engine/contract/state-word.ts';
import { draftText } from '#engine/profile/draft-text.ts';
import { errorText, foretoldLatency } from '#engine/profile/foretold-latency.ts';
import { languageTitles, rowsToldApart } from '#engine/profile/language-titles.ts';
import { passSentences } from '#engine/profile/pass-sentences.ts';
import { reusedText } from '#engine/profile/reused-text.ts';
import { medianSpread } from '#engine/profile/statistics.ts';
import { tokensText } from '#engine/profile/tokens-text.ts';
import { answerLines } from './answers.ts';
import { bar, formatTable, type Column } from './table.ts';

const barColumns = 24;

/** `latency` is what was estimated before the run. */
export function formatReport(report: Report, latency: LatencyEstimate | null = null): string {
  const { graph, machine, languageModels, totals } = report;
  const parts = [graph];
  if (machine)
    parts.push(`${machine.cpu}, ${machine.threads} threads, ONNX Runtime ${machine.onnxRuntime}`);
  const stages = rowsToldApart(report);
  const foretold = latency ? [foretoldColumn(report, latency)] : [];
  parts.push('', stageTable(stages, totals.stagesMs, foretold), '', totalsText(report));
  parts.push(...passSentences(report));
  const titles = languageTitles(languageModels);
  for (const model of languageModels) {
    const heading = titles.size > 1 ? `Answer of ${titles.get(model.node)}` : 'Answer';
    parts.push(...answerLines(heading, model));
    // The speeds of an only model stand among the totals.
    if (titles.size > 1) parts.push(speedFacts(model).join(' · '));
  }
  return parts.join('\n');
}

function stageTable(
  stages: readonly StageReport[],
  totalMs: number,
  foretold: readonly Column<StageReport>[],
): string {
  const runs = stages[0]?.latencyMs.runs ?? 0;
  return formatTable<StageReport>(
    [
      { title: 'stage', align: 'left', text: rowTitle },
      { title: 'precision', align: 'left', text: ({ precision }) => precision ?? '–' },
      { title: 'weights', align: 'left', text: ({ weights }) => weights ?? '–' },
      {
        title: runs > 1 ? `median of ${runs}` : 'latency',
        align: 'right',
        text: ({ latencyMs, reused }) =>
          reused ? '– reused' : formatMilliseconds(latencyMs.median),
      },
      ...(runs > 1 ? [spreadColumn] : []),
      ...foretold,
      ...(stages.some(({ latencyMs }) => latencyMs.p95 !== null) ? [p95Column] : []),
      {
        title: 'peak',
        align: 'right',
        text: ({ memory, reused }) => (reused ? '–' : formatBytes(memory.peakBytes)),
      },
      ...(stages.some(({ memory }) => memory.stateBytes > 0) ? [stateColumn(stages)] : []),
      { title: 'tokens', align: 'right', text: tokensText },
      {
        title: 'share',
        align: 'left',
        text: ({ latencyMs }) => bar(totalMs > 0 ? latencyMs.median / totalMs : 0, barColumns),
      },
    ],
    stages,
  );
}

const foretoldColumn = (report: Report, latency: LatencyEstimate): Column<StageReport> => ({
  title: 'estimated',
  align: 'right',
  text: (stage) => {
    const foretold = foretoldLatency(stage, report, latency);
    return foretold ? `≈ ${formatMilliseconds(foretold.ms)} ${errorText(foretold)}` : '–';
  },
});

const spreadColumn: Column<StageReport> = {
  title: 'spread',
  align: 'right',
  text: ({ latencyMs }) => {
    const spread = medianSpread(latencyMs);
    return spread === null ? '–' : `±${(100 * spread).toFixed(1)}%`;
  },
};

const p95Column: Column<StageReport> = {
  title: 'p95',
  align: 'right',
  text: ({ latencyMs }) => (latencyMs.p95 === null ? '–' : formatMilliseconds(latencyMs.p95)),
};

/** What is carried from token to token, called the KV cache where it is nothing else. */
function stateColumn(stages: readonly StageReport[]): Column<StageReport> {
  const recurrent = stages.map(({ memory }) => memory.stateBytes - memory.kvBytes);
  return {
    title: stateWord(Math.max(...recurrent)),
    align: 'right',
    text: ({ memory }) => (memory.stateBytes > 0 ? formatBytes(memory.stateBytes) : '–'),
  };
}

function totalsText({ totals, languageModels }: Report): string {
  const unaccounted =
    totals.wallMs > 0 ? (100 * (totals.wallMs - totals.stagesMs)) / totals.wallMs : 0;
  const facts = [
    `wall clock ${formatMilliseconds(totals.wallMs)}, ${unaccounted.toFixed(1)}% outside stages`,
  ];
  const [only, other] = languageModels;
  if (only && !other) facts.push(...speedFacts(only));
  facts.push(`peak memory ${formatBytes(totals.peakBytes)}`);
  return facts.join(' · ');
}

function speedFacts({
  timeToFirstTokenMs,
  prefillTokensPerSecond,
  decodeTokensPerSecond,
  draft,
  reused,
}: LanguageReport): readonly string[] {
  const facts: string[] = [];
  if (timeToFirstTokenMs !== null)
    facts.push(`first token after ${formatMilliseconds(timeToFirstTokenMs)}`);
  if (prefillTokensPerSecond !== null)
    facts.push(`prefill ${formatRate(prefillTokensPerSecond)} tokens/s`);
  if (decodeTokensPerSecond !== null)
    facts.push(`decode ${formatRate(decodeTokensPerSecond)} tokens/s`);
  if (draft) facts.push(`draft: ${draftText(draft)}`);
  if (reused) facts.push(`reused: ${reusedText(reused)}`);
  return facts;
}
