/** What operators cost, row by row: the costliest groups of each. */
import { formatBytes, formatMilliseconds } from '#engine/contract/format.ts';
import type { Report } from '#engine/contract/report.ts';
import { rowTitle } from '#engine/contract/run-event.ts';
import {
  groupOperators,
  type Grouping,
  type OperatorGroup,
} from '#engine/profile/group-operators.ts';
import { bar, formatTable } from './table.ts';

const barColumns = 24;
/** More would hide the next row. */
const shownGroups = 12;
/** Of the time of all stages; what takes less is not looked into. */
const leastShare = 0.01;

export function operatorTables({ stages, operators, totals }: Report, by: Grouping): string {
  const tables = operators.flatMap(({ stage: id, operators: own }) => {
    const stage = stages.find((each) => each.id === id);
    const latencyMs = stage?.latencyMs.median ?? 0;
    if (!stage || latencyMs < leastShare * totals.stagesMs) return [];
    const groups = groupOperators(own, by, latencyMs);
    return [`${rowTitle(stage)} · ${formatMilliseconds(latencyMs)}\n${table(groups, by)}`];
  });
  return tables.join('\n\n');
}

function table(groups: readonly OperatorGroup[], by: Grouping): string {
  const rest = groups.slice(shownGroups);
  const shown = rest.length > 1 ? [...groups.slice(0, shownGroups), sumOf(rest)] : groups;
  return formatTable<OperatorGroup>(
    [
      { title: by, align: 'left', text: ({ title }) => title },
      { title: 'calls', align: 'right', text: ({ calls }) => String(calls) },
      { title: 'time', align: 'right', text: (group) => formatMilliseconds(group.latencyMs) },
      { title: 'in, out', align: 'right', text: ({ bytes }) => formatBytes(bytes) },
      { title: 'share', align: 'left', text: ({ share }) => bar(share, barColumns) },
    ],
    shown,
  );
}

function sumOf(groups: readonly OperatorGroup[]): OperatorGroup {
  const sum = (pick: (group: OperatorGroup) => number): number =>
    groups.reduce((total, group) => total + pick(group), 0);
  return {
    title: `${groups.length} others`,
    calls: sum(({ calls }) => calls),
    share: sum(({ share }) => share),
    latencyMs: sum(({ latencyMs }) => latencyMs),
    bytes: sum(({ bytes }) => bytes),
  };
}
