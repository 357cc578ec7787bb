/** What is said of a frame of the flame chart, in one line. Pure. */
import { formatBytes, formatMilliseconds } from '#engine/contract/format.ts';
import { formatPercent } from '#engine/profile/format-ratio.ts';
import type { Operator } from '#engine/contract/operators.ts';
import type { Frame } from '#engine/profile/flame.ts';
import { classOf } from './operator-classes.ts';

/** `latencyMs` is the row's; what the profiler found are shares of it. */
export function frameWords({ title, width, operator }: Frame, latencyMs: number): string {
  const facts = [title, formatMilliseconds(width * latencyMs), formatPercent(width)];
  if (!operator) return facts.join(' · ');
  const { part, calls, inputs, outputs, bytesPerCall } = operator;
  return [
    part,
    ...facts,
    ...(calls > 1 ? [`${calls} calls`] : []),
    `${inputs.join(', ')} → ${outputs.join(', ')}`,
    formatBytes(calls * bytesPerCall),
    rateWords(operator, width * latencyMs),
  ]
    .filter(Boolean)
    .join(' · ');
}

/** "12.3 GB / s": what it was given and made, by the time that it took; empty where not all of it is known. */
function rateWords(operator: Operator, ownMs: number): string {
  const bytes = operator.calls * operator.bytesPerCall;
  if (bytes <= 0 || ownMs <= 0 || mayReadPacked(operator)) return '';
  return `${formatBytes(bytes / (ownMs / 1000))} / s`;
}

/** Of these it says the sizes of both factors, unless it has packed one. */
const plainProducts = /^(Fused)?(MatMul|Gemm|Conv)$/;

/** Weights that ONNX Runtime has packed for itself are in no size that it tells. */
function mayReadPacked({ kind, inputs }: Operator): boolean {
  return classOf(kind) === 'product' && (!plainProducts.test(kind) || inputs.length < 2);
}
