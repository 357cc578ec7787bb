/** The report of a run as a readable page: answer, stage table with bars, totals. */
import { formatBytes, formatMilliseconds, formatRate } from '#engine/contract/format.ts';
import type { Report, StageReport } from '#engine/contract/report.ts';
import { rowTitle } from '#engine/contract/run-event.ts';
import { bar, formatTable } from './table.ts';

const barColumns = 24;

export function formatReport(report: Report): string {
  const { graph, machine, stages, answer, totals } = report;
  const parts = [graph];
  if (machine)
    parts.push(`${machine.cpu}, ${machine.threads} threads, ONNX Runtime ${machine.onnxRuntime}`);
  parts.push('', stageTable(stages, totals.stagesMs), '', totalsText(report));
  if (answer) {
    parts.push('', 'Answer', answer.text.trim());
    if (stages.some(({ weights }) => weights === 'random')) {
      parts.push('(Random weights: timing is real, these words mean nothing.)');
    }
  }
  return parts.join('\n');
}

function stageTable(stages: readonly StageReport[], totalMs: number): string {
  const runs = stages[0]?.latencyMs.runs ?? 0;
  return formatTable<StageReport>(
    [
      { title: 'stage', align: 'left', text: rowTitle },
      { title: 'precision', align: 'left', text: ({ precision }) => precision ?? '–' },
      { title: 'weights', align: 'left', text: ({ weights }) => weights ?? '–' },
      {
        title: runs > 1 ? `median of ${runs}` : 'latency',
        align: 'right',
        text: ({ latencyMs }) => formatMilliseconds(latencyMs.median),
      },
      ...(runs > 1
        ? [
            {
              title: 'p95',
              align: 'right' as const,
              text: ({ latencyMs }: StageReport) => formatMilliseconds(latencyMs.p95),
            },
          ]
        : []),
      { title: 'peak', align: 'right', text: ({ memory }) => formatBytes(memory.peakBytes) },
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

function tokensText({ tokensIn, tokensOut }: StageReport): string {
  if (tokensIn !== null && tokensOut !== null && tokensIn !== tokensOut)
    return `${tokensIn} → ${tokensOut}`;
  return String(tokensOut ?? tokensIn ?? '–');
}

function totalsText({ totals }: Report): string {
  const unaccounted =
    totals.wallMs > 0 ? (100 * (totals.wallMs - totals.stagesMs)) / totals.wallMs : 0;
  const facts = [
    `wall clock ${formatMilliseconds(totals.wallMs)}, ${unaccounted.toFixed(1)}% outside stages`,
  ];
  if (totals.timeToFirstTokenMs !== null)
    facts.push(`first token after ${formatMilliseconds(totals.timeToFirstTokenMs)}`);
  if (totals.prefillTokensPerSecond !== null)
    facts.push(`prefill ${formatRate(totals.prefillTokensPerSecond)} tokens/s`);
  if (totals.decodeTokensPerSecond !== null)
    facts.push(`decode ${formatRate(totals.decodeTokensPerSecond)} tokens/s`);
  facts.push(`peak memory ${formatBytes(totals.peakBytes)}`);
  return facts.join(' · ');
}
