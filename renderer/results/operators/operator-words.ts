/** What is said of a frame of the flame chart, in one line. Pure. */
import { formatBytes, formatCount, formatMilliseconds } from '#engine/contract/format.ts';
import { formatPercent } from '#renderer/results/figures/format-ratio.ts';
import type { Frame } from '#engine/profile/flame.ts';

/** `latencyMs` is the row's; what the profiler found are shares of it. */
export function frameWords({ title, width, operator }: Frame, latencyMs: number): string {
  const facts = [title, formatMilliseconds(width * latencyMs), formatPercent(width)];
  if (!operator) return facts.join(' · ');
  const { part, calls, inputs, outputs, bytesPerCall } = operator;
  return [
    part,
    ...facts,
    ...(calls > 1 ? [`${formatCount(calls)} calls`] : []),
    `${inputs.join(', ')} → ${outputs.join(', ')}`,
    formatBytes(calls * bytesPerCall),
  ]
    .filter(Boolean)
    .join(' · ');
}
