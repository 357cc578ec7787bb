/** What kinds of operators cost in each stage of a run that was profiled. Pure. */
import { formatBytes, formatMilliseconds } from '../../contract/format.ts';
import type { StageReport } from '../../contract/report.ts';
import { rowTitle } from '../../contract/run-event.ts';
import { formatPercent } from '../format-ratio.ts';
import { groupOperators, type OperatorGroup } from '../group-operators.ts';
import { rowsToldApart } from '../language-titles.ts';
import { barsOf } from './bars.ts';
import { markup, type Markup } from './markup.ts';
import { hueOf, type SavedReport } from './saved-report.ts';
import { htmlTable, type Column } from './table.ts';

/** Of the time of all stages; what takes less is not looked into. */
const leastShare = 0.01;

export function operatorSection({ report, catalogue }: SavedReport): Markup | null {
  const stages = new Map(rowsToldApart(report).map((stage) => [stage.id, stage]));
  const tables = report.operators.flatMap(({ stage: id, operators }) => {
    const stage = stages.get(id);
    if (!stage || stage.latencyMs.median < leastShare * report.totals.stagesMs) return [];
    const groups = groupOperators(operators, 'kind', stage.latencyMs.median);
    return groups.length > 0 ? [tableOf(stage, groups, hueOf(stage.type, catalogue))] : [];
  });
  if (tables.length === 0) return null;
  return markup`<section><h2>Operators by kind</h2>
<p class="quiet">Shares were taken in passes of their own under ONNX Runtime’s profiler; times are these shares of the stage’s latency without it.</p>
${tables}</section>`;
}

function tableOf(stage: StageReport, groups: readonly OperatorGroup[], hue: string): Markup {
  const title = `${rowTitle(stage)}, ${formatMilliseconds(stage.latencyMs.median)}`;
  const widest = groups[0]?.share ?? 0;
  const columns: readonly Column<OperatorGroup>[] = [
    { title: 'kind', cell: (group) => group.title },
    { title: 'calls', look: 'number', cell: ({ calls }) => String(calls) },
    { title: 'time', look: 'number', cell: ({ latencyMs }) => formatMilliseconds(latencyMs) },
    { title: 'share', look: 'number', cell: ({ share }) => formatPercent(share) },
    { title: 'in, out', look: 'number', cell: ({ bytes }) => formatBytes(bytes) },
    {
      title: 'time',
      look: 'chart',
      cell: ({ share }) => barsOf([{ start: 0, width: widest > 0 ? share / widest : 0, hue }]),
    },
  ];
  return htmlTable(title, columns, groups);
}
