import type { Report } from '../contract/report.ts';

/** How many passes were timed to the end. */
export const passCount = ({ stages }: Pick<Report, 'stages'>): number =>
  Math.max(0, ...stages.map(({ latencyMs }) => latencyMs.runs));
