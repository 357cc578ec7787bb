/** Rows that two runs have both looked into the operators of, and what to do where there are none. Pure. */
import type { Report } from '#engine/contract/report.ts';
import { rowsToldApart } from '#engine/profile/language-titles.ts';
import { profiledRows, type OperatorRow } from '#renderer/results/operators/profiled-rows.ts';
import { pairStages } from '#engine/profile/compare-reports.ts';

export interface OperatorPair {
  readonly a: OperatorRow;
  readonly b: OperatorRow;
}

/** In running order. */
export function operatorPairs(a: Report, b: Report): readonly OperatorPair[] {
  const [ofA, ofB] = [profiledRows(a), profiledRows(b)];
  return pairStages(rowsToldApart(a), rowsToldApart(b)).flatMap((pair) => {
    const inA = ofA.find(({ stage }) => stage.id === pair.a?.id);
    const inB = ofB.find(({ stage }) => stage.id === pair.b?.id);
    return inA && inB ? [{ a: inA, b: inB }] : [];
  });
}

/** Why there is nothing to hold side by side. */
export function unpairedSentence(a: Report, b: Report): string {
  const how = 'by “Run with the profiler” in the tab Operators, to hold them side by side.';
  const [inA, inB] = [a, b].map(({ operators }) => operators.length > 0);
  if (inA && inB) return 'Both runs looked into operators, but not of a stage that both have.';
  if (!inA && !inB) return `Neither run looked into its operators; run both graphs ${how}`;
  return `Run ${inA ? 'B' : 'A'} did not look into its operators; run its graph ${how}`;
}
