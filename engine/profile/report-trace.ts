/**
 * A report as a trace that Perfetto and Chrome's tracing page open: stages of the median pass one after the other,
 * below each its parts and operators where it was profiled. Pure. Format: "Trace Event Format", complete events.
 */
import type { Report, StageReport } from '../contract/report.ts';
import { rowTitle } from '../contract/run-event.ts';
import { flameOf } from './flame.ts';

interface TraceEvent {
  readonly name: string;
  readonly cat: 'stage' | 'part' | 'operator';
  readonly ph: 'X';
  /** In microseconds. */
  readonly ts: number;
  readonly dur: number;
  readonly pid: 1;
  readonly tid: 1;
  readonly args: Readonly<Record<string, unknown>>;
}

export function reportTrace(report: Report): string {
  const events: TraceEvent[] = [];
  let atMs = 0;
  for (const stage of report.stages) {
    events.push(...stageEvents(stage, report, atMs));
    atMs += stage.latencyMs.median;
  }
  const { graph, machine } = report;
  const trace = { traceEvents: events, displayTimeUnit: 'ms', otherData: { graph, ...machine } };
  return `${JSON.stringify(trace)}\n`;
}

function stageEvents(
  stage: StageReport,
  { operators }: Report,
  startMs: number,
): readonly TraceEvent[] {
  const { id, latencyMs, memory, tokensIn, tokensOut, flops, precision } = stage;
  if (latencyMs.runs === 0) return [];
  const facts = { tokensIn, tokensOut, flops, precision, peakBytes: memory.peakBytes };
  const profiled = operators.find((row) => row.stage === id)?.operators ?? [];
  const within = flameOf(profiled).map(({ title, start, width, operator }) => {
    const spanMs = [startMs + start * latencyMs.median, width * latencyMs.median] as const;
    if (!operator) return complete(title, 'part', ...spanMs, {});
    const { name, calls, inputs, outputs, bytesPerCall } = operator;
    return complete(title, 'operator', ...spanMs, { name, calls, inputs, outputs, bytesPerCall });
  });
  return [complete(rowTitle(stage), 'stage', startMs, latencyMs.median, facts), ...within];
}

function complete(
  name: string,
  cat: TraceEvent['cat'],
  startMs: number,
  durationMs: number,
  args: TraceEvent['args'],
): TraceEvent {
  return { name, cat, ph: 'X', ts: startMs * 1000, dur: durationMs * 1000, pid: 1, tid: 1, args };
}
