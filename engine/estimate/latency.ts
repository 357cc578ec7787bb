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
}

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
    const ms = body.expectedRuns * callMs(call, precision, machine);
    return [{ node: id, stage: id, phase: null, title, ms, tokensPerSecond: null }];
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

type PhaseLatency = Pick<StageLatency, 'phase' | 'ms' | 'tokensPerSecond'>;

/** Drafts are not foreseen: as if each token were written by itself. */
function languageLatencies(
  { graphs }: LanguageModelStep,
  calls: LanguageCalls,
  precision: Precision,
  machine: Machine,
): readonly PhaseLatency[] {
  const { promptTokens, visualTokens, pieces, readAgain, newTokens, cachedTokens } = calls;
  const { embed, decoder, prefill } = graphs;
  const embedMs = (sequence: number): number =>
    callMs({ model: embed, dims: { sequence, rows: 1 }, takesMany: true }, precision, machine);
  const prefillMs = pieces.reduce((sum, { dims, isFirst, isFused }) => {
    const sized = isFirst ? dims : withRoom(dims, cachedTokens, newTokens);
    const call = { model: prefillGraph(graphs).model, dims: sized, takesMany: isFused };
    return sum + callMs(call, prefill?.precision ?? precision, machine);
  }, 0);
  const step = {
    model: decoder.model,
    dims: withRoom(calls.meanStep, cachedTokens, newTokens),
    takesMany: false,
  };
  const stepMs = embedMs(1) + callMs(step, precision, machine);
  const tokens = promptTokens + visualTokens;
  return [
    { phase: 'embed', ms: embedMs(promptTokens), tokensPerSecond: null },
    { phase: 'prefill', ms: prefillMs, tokensPerSecond: (1000 * tokens) / prefillMs },
    {
      phase: 'decode',
      ms: readAgain * stepMs,
      tokensPerSecond: readAgain > 0 ? 1000 / stepMs : null,
    },
  ];
}

function callMs(call: GraphCall, precision: Precision, { rates, efficiencies }: Machine): number {
  return startedOperators(call).reduce((sum, { sizes, times }) => {
    const cost = operatorCost(sizes, precision);
    return sum + 1000 * times * operatorSeconds(cost, rates, efficiencies);
  }, 0);
}
