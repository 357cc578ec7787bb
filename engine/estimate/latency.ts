/** How long the stages of a graph will take on a machine that was measured, operator by operator. Pure. */
import type { MachineRates } from '../contract/calibration.ts';
import type { CheckedGraph } from '../graph/check.ts';
import type { Plan } from '../plan/plan.ts';
import { alikeKey } from './operator-cost.ts';
import { measuredEfficiencies, operatorSeconds } from './operator-efficiencies.ts';
import { stageOperators, type CostedOperator, type StageOperators } from './stage-operators.ts';

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

/** `efficiencies` are those that were measured, unless others are tried. */
export function estimateLatency(
  checked: CheckedGraph,
  plan: Plan,
  rates: MachineRates,
  efficiencies = measuredEfficiencies,
): LatencyEstimate {
  const msOf = ({ cost, times }: CostedOperator): number =>
    1000 * times * operatorSeconds(cost, rates, efficiencies);
  const stages = stageOperators(checked, plan).map((row) => stageLatency(row, msOf));
  const sum = (of: readonly StageLatency[]) => of.reduce((total, { ms }) => total + ms, 0);
  const prefill = stages.findIndex(({ phase }) => phase === 'prefill');
  const decode = stages.find(({ phase }) => phase === 'decode');
  return {
    stages,
    totalMs: sum(stages),
    timeToFirstTokenMs: prefill < 0 ? null : sum(stages.slice(0, prefill + 1)),
    decodeTokensPerSecond: decode?.tokensPerSecond ?? null,
  };
}

function stageLatency(
  { node, stage, phase, title, steps, tokens, operators }: StageOperators,
  msOf: (operator: CostedOperator) => number,
): StageLatency {
  const byOperator: Record<string, number> = {};
  let stepMs = 0;
  for (const operator of operators) {
    const ms = msOf(operator);
    const key = alikeKey(operator.cost);
    byOperator[key] = (byOperator[key] ?? 0) + steps * ms;
    stepMs += ms;
  }
  const hasSpeed = tokens !== null && steps > 0 && stepMs > 0;
  const tokensPerSecond = hasSpeed ? (1000 * tokens) / stepMs : null;
  return { node, stage, phase, title, ms: steps * stepMs, tokensPerSecond, byOperator };
}
