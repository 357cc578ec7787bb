/** The rows of a report whose operators were looked into. Pure. */
import type { ProfiledRow } from '#engine/contract/operators.ts';
import type { Report, StageReport } from '#engine/contract/report.ts';
import { rowsToldApart } from '#engine/profile/language-titles.ts';

export interface OperatorRow {
  readonly stage: StageReport;
  readonly operators: ProfiledRow['operators'];
}

/** In running order, by titles that tell language models apart. */
export function profiledRows(report: Report): readonly OperatorRow[] {
  return rowsToldApart(report).flatMap((stage) => {
    const found = report.operators.find((each) => each.stage === stage.id);
    return found ? [{ stage, operators: found.operators }] : [];
  });
}

export const costliest = <Row extends Pick<OperatorRow, 'stage'>>(
  rows: readonly Row[],
): Row | undefined =>
  rows.toSorted((a, b) => b.stage.latencyMs.median - a.stage.latencyMs.median)[0];
