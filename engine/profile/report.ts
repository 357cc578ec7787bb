/** The report of a run: one pure fold over its events. */
import type { Report, StageReport } from '../contract/report.ts';
import type { RunEvent, StageFacts } from '../contract/run-event.ts';

type Measured = Extract<RunEvent, { type: 'stage-measured' }>;
type Loaded = Extract<RunEvent, { type: 'stage-loaded' }>;

/** Events of one run, complete or not, in the order in which they came. Warm-up passes do not count. */
export function foldReport(graph: string, events: readonly RunEvent[]): Report {
  const pick = <Type extends RunEvent['type']>(type: Type) =>
    events.filter((event): event is Extract<RunEvent, { type: Type }> => event.type === type);
  const started = events.find((event) => event.type === 'run-started');
  const measured = pick('stage-measured').filter(({ run }) => run > 0);
  const loaded = pick('stage-loaded');
  const passes = pick('run-measured').filter(({ run }) => run > 0);
  const stages = (started?.stages ?? []).map((facts) => stageReport(facts, measured, loaded));
  const answer = pick('answer').findLast(({ run }) => run > 0);
  const stagesMs = stagesMsByRun(measured);
  const firstTokens = passes.flatMap(({ timeToFirstTokenMs }) => timeToFirstTokenMs ?? []);
  return {
    graph,
    machine: started?.machine ?? null,
    stages,
    answer: answer ? { text: answer.text, tokenIds: answer.tokenIds } : null,
    totals: {
      wallMs: quantile(
        passes.map(({ wallMs }) => wallMs),
        0.5,
      ),
      stagesMs: quantile(
        passes.map(({ run }) => stagesMs.get(run) ?? 0),
        0.5,
      ),
      timeToFirstTokenMs: firstTokens.length > 0 ? quantile(firstTokens, 0.5) : null,
      prefillTokensPerSecond: speed(stages, 'prefill', ({ tokensIn }) => tokensIn ?? 0),
      // The first new token comes out of prefill.
      decodeTokensPerSecond: speed(stages, 'decode', ({ tokensOut }) => (tokensOut ?? 0) - 1),
      peakBytes: Math.max(0, ...passes.map(({ peakBytes }) => peakBytes)),
    },
    problems: [...pick('run-warned'), ...pick('run-failed')].flatMap(({ problems }) => problems),
  };
}

function stageReport(
  facts: StageFacts,
  measured: readonly Measured[],
  loaded: readonly Loaded[],
): StageReport {
  const rows = measured.filter(({ stage }) => stage === facts.id);
  const latencies = rows.map(({ latencyMs }) => latencyMs);
  const last = rows.at(-1);
  const weights = loaded.findLast(({ stage }) => stage === facts.id);
  return {
    ...facts,
    latencyMs: {
      median: quantile(latencies, 0.5),
      p95: quantile(latencies, 0.95),
      runs: rows.length,
    },
    memory: {
      weightsBytes: weights?.weightsBytes ?? 0,
      peakBytes: Math.max(0, ...rows.map(({ peakBytes }) => peakBytes)),
      kvBytes: Math.max(0, ...rows.map(({ keyValueBytes }) => keyValueBytes)),
    },
    tokensIn: last?.tokensIn ?? null,
    tokensOut: last?.tokensOut ?? null,
    flops: last?.flops ?? 0,
  };
}

/** In one walk: a page folds the report again and again while a long run goes on. */
function stagesMsByRun(measured: readonly Measured[]): ReadonlyMap<number, number> {
  const sums = new Map<number, number>();
  for (const { run, latencyMs } of measured) sums.set(run, (sums.get(run) ?? 0) + latencyMs);
  return sums;
}

function speed(
  stages: readonly StageReport[],
  phase: string,
  tokensOf: (stage: StageReport) => number,
): number | null {
  const stage = stages.find(({ id }) => id.endsWith(`/${phase}`));
  if (!stage || stage.latencyMs.runs === 0 || tokensOf(stage) <= 0) return null;
  return tokensOf(stage) / (stage.latencyMs.median / 1000);
}

/** Linear interpolation between neighbours; 0 for no numbers. */
export function quantile(numbers: readonly number[], part: number): number {
  if (numbers.length === 0) return 0;
  const sorted = numbers.toSorted((a, b) => a - b);
  const place = part * (sorted.length - 1);
  const below = sorted[Math.floor(place)] as number;
  const above = sorted[Math.ceil(place)] as number;
  return below + (above - below) * (place - Math.floor(place));
}
