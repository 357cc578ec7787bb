/** The report of a run: one pure fold over its events. */
import type { Latency, LanguageReport, Report, StageReport } from '../contract/report.ts';
import {
  isDecoding,
  type DraftFacts,
  type RunEvent,
  type StageFacts,
} from '../contract/run-event.ts';
import { memoryOverTime } from './memory-over-time.ts';
import { median, medianDeviation, medianInterval, quantile } from './statistics.ts';

type Started = Extract<RunEvent, { type: 'run-started' }>;
type Measured = Extract<RunEvent, { type: 'stage-measured' }>;
type Answered = Extract<RunEvent, { type: 'answer' }>;
type Loaded = Extract<RunEvent, { type: 'stage-loaded' }>;
type Reused = Extract<RunEvent, { type: 'stage-reused' }>;
type PromptReused = Extract<RunEvent, { type: 'prompt-reused' }>;

/** Events of one run, complete or not, in the order in which they came. Warm-up passes do not count. */
export function foldReport(graph: string, events: readonly RunEvent[]): Report {
  const pick = <Type extends RunEvent['type']>(type: Type) =>
    events.filter((event): event is Extract<RunEvent, { type: Type }> => event.type === type);
  const started = events.find((event) => event.type === 'run-started');
  const measured = pick('stage-measured').filter(({ run }) => run > 0);
  const loaded = pick('stage-loaded');
  const passes = pick('run-measured').filter(({ run }) => run > 0);
  const reused = pick('stage-reused');
  const stages = (started?.stages ?? []).map((facts) =>
    stageReport(facts, measured, loaded, reused),
  );
  const answers = pick('answer').filter(({ run }) => run > 0);
  const prompts = pick('prompt-reused').filter(({ run }) => run > 0);
  const randomNodes = reachedByRandomWeights(stages, started?.wires ?? []);
  const languageModels = languageNodes(stages).map((rows) =>
    languageReport(rows, answers, randomNodes, prompts),
  );
  const [only, other] = languageModels;
  const one = other ? undefined : only;
  const stagesMs = stagesMsByRun(measured);
  const wallsMs = passes.map(({ wallMs }) => wallMs);
  return {
    graph,
    machine: started?.machine ?? null,
    options: started?.options ?? null,
    holding: started?.holding ?? null,
    noise: pick('noise-watched').at(-1)?.noise ?? null,
    stages,
    languageModels,
    answer: one?.answer ?? null,
    totals: {
      wallMs: median(wallsMs),
      wallInterval: medianInterval(wallsMs),
      stagesMs: median(passes.map(({ run }) => stagesMs.get(run) ?? 0)),
      timeToFirstTokenMs: one?.timeToFirstTokenMs ?? null,
      timeToFirstTokenInterval: one?.timeToFirstTokenInterval ?? null,
      prefillTokensPerSecond: one?.prefillTokensPerSecond ?? null,
      decodeTokensPerSecond: one?.decodeTokensPerSecond ?? null,
      peakBytes: Math.max(0, ...passes.map(({ peakBytes }) => peakBytes)),
    },
    memoryOverTime: memoryOverTime(events),
    operators: pick('operators-profiled').map(({ stage, operators }) => ({ stage, operators })),
    showings: pick('shown').map(({ showing }) => showing),
    problems: [...pick('run-warned'), ...pick('run-failed')].flatMap(({ problems }) => problems),
  };
}

/** Nodes with random weights, and all that what these give leads to; a draft's lead nowhere, as guesses are verified. */
function reachedByRandomWeights(
  stages: readonly StageReport[],
  wires: Started['wires'],
): ReadonlySet<string> {
  const reached = new Set(
    stages.flatMap(({ node, phase, weights }) =>
      weights === 'random' && phase !== 'draft' ? node : [],
    ),
  );
  for (const node of reached) {
    for (const { from, to } of wires) if (from === node) reached.add(to);
  }
  return reached;
}

/** The rows of each language model that writes, in running order. */
function languageNodes(stages: readonly StageReport[]): readonly (readonly StageReport[])[] {
  const rows = stages.filter(({ phase }) => phase !== null);
  const nodes = [...new Set(rows.map(({ node }) => node))];
  return nodes.map((id) => rows.filter(({ node }) => node === id));
}

function languageReport(
  rows: readonly StageReport[],
  answers: readonly Answered[],
  randomNodes: ReadonlySet<string>,
  prompts: readonly PromptReused[],
): LanguageReport {
  const [{ node, title }] = rows as readonly [StageReport];
  const own = answers.filter((answer) => answer.node === node);
  const last = own.filter(({ run }) => run === own.at(-1)?.run);
  const [first] = last;
  const prompt = prompts.findLast((each) => each.node === node);
  const firstTokens = own.flatMap(({ index, timeToFirstTokenMs }) =>
    index === 0 ? (timeToFirstTokenMs ?? []) : [],
  );
  const measured = rows.filter(({ latencyMs }) => latencyMs.runs > 0);
  const prefill = measured.filter(({ phase }) => phase === 'prefill');
  return {
    node,
    title,
    answer: first ? { text: first.text, tokenIds: first.tokenIds } : null,
    answers: last.map(({ text, tokenIds, writingMs }) => ({ text, tokenIds, writingMs })),
    choices: first?.choices ?? null,
    timeToFirstTokenMs: firstTokens.length > 0 ? median(firstTokens) : null,
    timeToFirstTokenInterval: medianInterval(firstTokens),
    prefillTokensPerSecond: speed(prefill, ({ tokensIn }) => tokensIn ?? 0),
    decodeTokensPerSecond: decodeSpeed(measured.filter(isDecoding), Math.max(1, last.length)),
    hasRandomWeights: randomNodes.has(node),
    draft: draftOfAll(last),
    reused: prompt ? { visual: prompt.visual, words: prompt.words } : null,
  };
}

/** Guesses for all answers of a run together; null where none were made. */
function draftOfAll(answers: readonly Answered[]): DraftFacts | null {
  const drafts = answers.flatMap(({ draft }) => draft ?? []);
  if (drafts.length === 0) return null;
  const sumOf = (key: keyof DraftFacts): number =>
    drafts.reduce((sum, draft) => sum + draft[key], 0);
  return { proposed: sumOf('proposed'), accepted: sumOf('accepted') };
}

function stageReport(
  facts: StageFacts,
  measured: readonly Measured[],
  loaded: readonly Loaded[],
  reused: readonly Reused[],
): StageReport {
  const rows = measured.filter(({ stage }) => stage === facts.id);
  const stands = reused.findLast(({ stage }) => stage === facts.id);
  const last = rows.at(-1) ?? stands;
  const weights = loaded.findLast(({ stage }) => stage === facts.id);
  return {
    ...facts,
    latencyMs: latencyOf(rows.map(({ latencyMs }) => latencyMs)),
    memory: {
      weightsBytes: weights?.weightsBytes ?? 0,
      peakBytes: Math.max(0, ...rows.map(({ peakBytes }) => peakBytes)),
      stateBytes: Math.max(
        0,
        ...rows.map(({ keyValueBytes, recurrentBytes }) => keyValueBytes + recurrentBytes),
      ),
      kvBytes: Math.max(0, ...rows.map(({ keyValueBytes }) => keyValueBytes)),
    },
    tokensIn: last?.tokensIn ?? null,
    tokensOut: last?.tokensOut ?? null,
    flops: rows.at(-1)?.flops ?? 0,
    movedBytes: rows.at(-1)?.movedBytes ?? null,
    reused: stands !== undefined,
  };
}

/** Of fewer passes no twentieth can be told. */
const passesForP95 = 20;

const latencyOf = (latencies: readonly number[]): Latency => ({
  median: median(latencies),
  deviation: medianDeviation(latencies),
  interval: medianInterval(latencies),
  p95: latencies.length >= passesForP95 ? quantile(latencies, 0.95) : null,
  runs: latencies.length,
});

/** In one walk: a page folds the report again and again while a long run goes on. */
function stagesMsByRun(measured: readonly Measured[]): ReadonlyMap<number, number> {
  const sums = new Map<number, number>();
  for (const { run, latencyMs } of measured) sums.set(run, (sums.get(run) ?? 0) + latencyMs);
  return sums;
}

/** The time of a single step says more of the moment than of the model. */
const leastDecodeSteps = 2;

/** The first new token of each answer comes out of prefill. Null where all passes together made too few steps to tell. */
function decodeSpeed(rows: readonly StageReport[], answers: number): number | null {
  const tokensOf = ({ phase, tokensOut }: StageReport): number =>
    phase === 'draft' ? 0 : (tokensOut ?? 0) - answers;
  const steps = rows.reduce((sum, row) => sum + tokensOf(row) * row.latencyMs.runs, 0);
  return steps < leastDecodeSteps ? null : speed(rows, tokensOf);
}

/** Tokens a second over rows that take turns; null where they made none. */
function speed(
  rows: readonly StageReport[],
  tokensOf: (stage: StageReport) => number,
): number | null {
  const tokens = rows.reduce((sum, row) => sum + Math.max(0, tokensOf(row)), 0);
  const latencyMs = rows.reduce((sum, row) => sum + row.latencyMs.median, 0);
  return tokens > 0 ? tokens / (latencyMs / 1000) : null;
}
