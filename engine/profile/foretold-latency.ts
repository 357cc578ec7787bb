/** What a stage was foretold to take, beside what it was measured to take. Pure. */
import type { Report, StageReport } from '../contract/report.ts';
import type { LatencyEstimate } from '../estimate/latency.ts';
import { stepsOf } from './roofline.ts';

export interface ForetoldLatency {
  readonly ms: number;
  /** By which share of what was measured it was too much, or, below 0, too little. */
  readonly error: number;
}

/**
 * Of as many steps as there were: an answer may have ended early. Null for what was not foretold, as the host's own work
 * is not, nor guesses of a draft, and for what was not timed.
 */
export function foretoldLatency(
  stage: StageReport,
  report: Report,
  { stages }: LatencyEstimate,
): ForetoldLatency | null {
  const foretold = stages.find((each) => each.stage === stage.id);
  const { median: measuredMs, runs } = stage.latencyMs;
  if (!foretold || runs === 0 || stage.reused || measuredMs === 0) return null;
  const { tokensPerSecond, phase } = foretold;
  const steps = stepsOf(stage, report);
  if (phase === 'decode' && (steps === null || tokensPerSecond === null)) return null;
  const ms =
    phase === 'decode' ? (1000 * (steps as number)) / (tokensPerSecond as number) : foretold.ms;
  return { ms, error: ms / measuredMs - 1 };
}

/** "≈ 1 204 ms, +4%" */
export const errorText = ({ error }: ForetoldLatency): string => {
  const percent = Math.round(100 * error);
  return `${percent < 0 ? '−' : '+'}${Math.abs(percent)}%`;
};
