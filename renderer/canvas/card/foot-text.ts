/** The lines at the foot of a card: estimated before a run, measured after it. Pure. */
import {
  formatBytes,
  formatFlops,
  formatMilliseconds,
  formatRate,
} from '#engine/contract/format.ts';
import type { Report, StageReport } from '#engine/contract/report.ts';
import type { StageEstimate } from '#engine/estimate/estimate.ts';

export interface FootText {
  /** Left and right of each line. */
  readonly lines: readonly (readonly [string, string])[];
}

export interface MeasuredFoot extends FootText {
  /** Part of the wall time, 0 to 1. */
  readonly share: number;
}

/** Null for a stage whose cost nobody can reckon, such as decoding a picture. */
export function estimatedFoot(stage: StageEstimate): FootText | null {
  const { flops, weightBytes, activationBytes, keyValueBytes, language } = stage;
  if (flops === 0 && weightBytes === 0) return null;
  const memory = formatBytes(weightBytes + activationBytes + keyValueBytes);
  if (!language) return { lines: [[`est. ${flopText(flops)}`, memory]] };
  return {
    lines: [
      [`est. ${flopText(language.prefillFlops)}`, memory],
      [`${flopText(language.decodeFlopsPerToken)}/token`, `KV ${formatBytes(keyValueBytes)}`],
    ],
  };
}

const flopText = (flops: number): string => {
  const text = formatFlops(flops);
  return /\d$/.test(text) ? `${text} FLOP` : `${text}FLOP`;
};

/** Of all rows that one node has in the report; null before any of them is measured. */
export function measuredFoot(
  rows: readonly StageReport[],
  totals: Report['totals'],
): MeasuredFoot | null {
  const measured = rows.filter(({ latencyMs }) => latencyMs.runs > 0);
  if (measured.length === 0) return null;
  const totalMs = measured.reduce((sum, { latencyMs }) => sum + latencyMs.median, 0);
  const share = totals.wallMs > 0 ? Math.min(1, totalMs / totals.wallMs) : 0;
  const peak = formatBytes(Math.max(...measured.map(({ memory }) => memory.peakBytes)));
  const phase = (name: string): StageReport | undefined =>
    measured.find(({ id }) => id.endsWith(`/${name}`));
  const prefill = phase('prefill');
  if (!prefill) return { lines: [[formatMilliseconds(totalMs), peak]], share };
  const keyValues = Math.max(...measured.map(({ memory }) => memory.kvBytes));
  return {
    lines: [
      [`prefill ${formatMilliseconds(prefill.latencyMs.median)}`, peak],
      [decodeText(phase('decode')), `KV ${formatBytes(keyValues)}`],
    ],
    share,
  };
}

/** The first new token comes out of prefill, so decode wrote one less. */
function decodeText(decode: StageReport | undefined): string {
  const steps = (decode?.tokensOut ?? 0) - 1;
  if (!decode || steps <= 0 || decode.latencyMs.median === 0) return 'no decoding';
  return `decode ${formatRate(steps / (decode.latencyMs.median / 1000))} tok/s`;
}
