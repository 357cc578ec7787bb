/** How long the stages of a graph will take on a machine that was measured, operator by operator. Pure. */
import type { MachineRates } from '../contract/calibration.ts';
import type { CheckedGraph } from '../graph/check.ts';
import { prefillGraph } from '../node/decoder-protocol.ts';
import type { LanguageModelStep } from '../node/host-step.ts';
import type { Plan, Precision, Stage } from '../plan/plan.ts';
import { languageCalls, languageInput, withRoom, type LanguageCalls } from './language-calls.ts';
import { operatorCost } from './operator-cost.ts';
import {
  measuredEfficiencies,
  operatorSeconds,
  type OperatorEfficiencies,
} from './operator-efficiencies.ts';
import { startedOperators, type GraphCall } from './started-operators.ts';

/** A row of the report: a stage, or one phase of a language model. Work of the host has none. */
export interface StageLatency {
  readonly node: string;
  /** The id of the report's row. */
  readonly stage: string;
  readonly phase: null | 'embed' | 'prefill' | 'decode';
  readonly title: string;
  /** Of a whole pass; of decode all steps of all answers. */
  readonly ms: number;
  /** Of prefill those it reads, of decode those that steps write; null for all else. */
  readonly tokensPerSecond: number | null;
  /** Its milliseconds by what operators are alike, such as "MatMul many large". */
  readonly byOperator: ByOperator;
}

export type ByOperator = Readonly<Record<string, number>>;

export interface LatencyEstimate {
  /** In running order: those that run graphs; what the host does itself is not estimated. */
  readonly stages: readonly StageLatency[];
  readonly totalMs: number;
  /** Of the first language model: all up to and with its prefill; null without one. */
  readonly timeToFirstTokenMs: number | null;
  /** Of the first language model; null without one, or where its answer is one token. */
  readonly decodeTokensPerSecond: number | null;
}

/** What machine it is, and what its operators reach of what it gives. */
interface Machine {
  readonly rates: MachineRates;
  readonly efficiencies: OperatorEfficiencies;
}

/** `efficiencies` are those that were measured, unless others are tried. */
export function estimateLatency(
  checked: CheckedGraph,
  { stages }: Plan,
  rates: MachineRates,
  efficiencies = measuredEfficiencies,
): LatencyEstimate {
  const machine = { rates, efficiencies };
  const latencies = stages.flatMap((stage) => stageLatencies(stage, checked, stages, machine));
  const sum = (of: readonly StageLatency[]) => of.reduce((total, { ms }) => total + ms, 0);
  const prefill = latencies.findIndex(({ phase }) => phase === 'prefill');
  const decode = latencies.find(({ phase }) => phase === 'decode');
  return {
    stages: latencies,
    totalMs: sum(latencies),
    timeToFirstTokenMs: prefill < 0 ? null : sum(latencies.slice(0, prefill + 1)),
    decodeTokensPerSecond: decode?.tokensPerSecond ?? null,
  };
}

function stageLatencies(
  stage: Stage,
  checked: CheckedGraph,
  stages: readonly Stage[],
  machine: Machine,
): readonly StageLatency[] {
  const { id, title, body } = stage;
  const precision = stage.precision ?? 'float32';
  if (body.kind === 'onnx') {
    const call = { model: body.model, dims: body.dims(), takesMany: true };
    const byOperator = times(body.expectedRuns, callTimes(call, precision, machine));
    const ms = sumOf(byOperator);
    return [{ node: id, stage: id, phase: null, title, ms, tokensPerSecond: null, byOperator }];
  }
  if (body.step.kind !== 'generate') return [];
  const calls = languageCalls(body.step, languageInput(stage, checked, stages));
  return languageLatencies(body.step, calls, precision, machine).map((latency) => ({
    node: id,
    stage: `${id}/${latency.phase}`,
    title,
    ...latency,
  }));
}

type PhaseLatency = Omit<StageLatency, 'node' | 'stage' | 'title'>;

/** Drafts are not foreseen: as if each token were written by itself. */
function languageLatencies(
  { graphs }: LanguageModelStep,
  calls: LanguageCalls,
  precision: Precision,
  machine: Machine,
): readonly PhaseLatency[] {
  const { promptTokens, visualTokens, pieces, readAgain, newTokens, cachedTokens } = calls;
  const { embed, decoder, prefill } = graphs;
  const embedTimes = (sequence: number): ByOperator =>
    callTimes({ model: embed, dims: { sequence, rows: 1 }, takesMany: true }, precision, machine);
  const pieceTimes = pieces.map(({ dims, isFirst, isFused }) => {
    const sized = isFirst ? dims : withRoom(dims, cachedTokens, newTokens);
    const call = { model: prefillGraph(graphs).model, dims: sized, takesMany: isFused };
    return callTimes(call, prefill?.precision ?? precision, machine);
  });
  const step = {
    model: decoder.model,
    dims: withRoom(calls.meanStep, cachedTokens, newTokens),
    takesMany: false,
  };
  const stepTimes = together([embedTimes(1), callTimes(step, precision, machine)]);
  const rows = [
    { phase: 'embed', tokens: null, byOperator: embedTimes(promptTokens) },
    { phase: 'prefill', tokens: promptTokens + visualTokens, byOperator: together(pieceTimes) },
    { phase: 'decode', tokens: readAgain, byOperator: times(readAgain, stepTimes) },
  ] as const;
  return rows.map(({ phase, tokens, byOperator }) => {
    const ms = sumOf(byOperator);
    const tokensPerSecond = tokens === null || ms === 0 ? null : (1000 * tokens) / ms;
    return { phase, ms, tokensPerSecond, byOperator };
  });
}

function callTimes(
  call: GraphCall,
  precision: Precision,
  { rates, efficiencies }: Machine,
): ByOperator {
  return together(
    startedOperators(call).map(({ sizes, times: often }) => {
      const cost = operatorCost(sizes, precision);
      const ms = 1000 * often * operatorSeconds(cost, rates, efficiencies);
      return { [`${cost.kind} ${cost.size}`]: ms };
    }),
  );
}

const sumOf = (byOperator: ByOperator): number =>
  Object.values(byOperator).reduce((sum, ms) => sum + ms, 0);

const times = (factor: number, byOperator: ByOperator): ByOperator =>
  Object.fromEntries(Object.entries(byOperator).map(([key, ms]) => [key, factor * ms]));

function together(all: readonly ByOperator[]): ByOperator {
  const sums: Record<string, number> = {};
  for (const [key, ms] of all.flatMap(Object.entries<number>)) sums[key] = (sums[key] ?? 0) + ms;
  return sums;
}
