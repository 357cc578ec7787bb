/** The stages of two runs side by side, as a table. */
import { formatBytes, formatMilliseconds } from '#engine/contract/format.ts';
import type { StageReport } from '#engine/contract/report.ts';
import { rowTitle } from '#engine/contract/run-event.ts';
import { pairWords, type StagePair } from '#engine/profile/compare-reports.ts';
import { formatSpread } from '#engine/profile/format-ratio.ts';
import { formatTable, type Column } from './table.ts';

export const comparisonTable = (pairs: readonly StagePair[]): string =>
  formatTable<StagePair>(
    [
      { title: 'stage', align: 'left', text: titleOf },
      ...sideColumns('A', ({ a }) => a),
      ...sideColumns('B', ({ b }) => b),
      { title: 'B against A', align: 'left', text: pairWords },
    ],
    pairs,
  );

function titleOf({ a, b }: StagePair): string {
  const titles = [a, b].flatMap((stage) => (stage ? rowTitle(stage) : []));
  return [...new Set(titles)].join(' → ');
}

const sideColumns = (
  letter: string,
  sideOf: (pair: StagePair) => StageReport | null,
): readonly Column<StagePair>[] => [
  { title: letter, align: 'right', text: (pair) => timeOf(sideOf(pair)) },
  {
    title: `peak ${letter}`,
    align: 'right',
    text: (pair) => peakOf(sideOf(pair)),
  },
];

function timeOf(stage: StageReport | null): string {
  if (!stage || stage.latencyMs.runs === 0) return '–';
  const { latencyMs } = stage;
  return [formatMilliseconds(latencyMs.median), formatSpread(latencyMs)].join(' ').trimEnd();
}

const peakOf = (stage: StageReport | null): string =>
  stage && stage.latencyMs.runs > 0 ? formatBytes(stage.memory.peakBytes) : '–';
