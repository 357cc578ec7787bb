/** How long the stages of a graph will take on a machine that was measured. Pure. */
import type { MachineRates } from '../contract/calibration.ts';
import type { CheckedGraph } from '../graph/check.ts';
import { prefillGraph, stateBytes } from '../node/decoder-protocol.ts';
import type { LanguageModelStep } from '../node/host-step.ts';
import type { StageModel } from '../onnx/model.ts';
import type { DimBindings } from '../onnx/value.ts';
import type { Plan, Precision, Stage } from '../plan/plan.ts';
import { languageCalls, languageInput, type LanguageCalls } from './language-calls.ts';
import { countFlops } from './model-cost.ts';
import { movedBytes } from './moved-bytes.ts';

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

export function estimateLatency(
  checked: CheckedGraph,
  { stages }: Plan,
  rates: MachineRates,
): LatencyEstimate {
  const latencies = stages.flatMap((stage) => stageLatencies(stage, checked, stages, rates));
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
  rates: MachineRates,
): readonly StageLatency[] {
  const { id, title, body } = stage;
  const precision = stage.precision ?? 'float32';
  if (body.kind === 'onnx') {
    const ms =
      body.expectedRuns * callMs({ model: body.model, dims: body.dims() }, precision, rates);
    return [{ node: id, stage: id, phase: null, title, ms, tokensPerSecond: null }];
  }
  if (body.step.kind !== 'generate') return [];
  const calls = languageCalls(body.step, languageInput(stage, checked, stages));
  return languageLatencies(body.step, calls, precision, rates).map((latency) => ({
    node: id,
    stage: `${id}/${latency.phase}`,
    title,
    ...latency,
  }));
}

function languageLatencies(
  { graphs }: LanguageModelStep,
  { promptTokens, visualTokens, pieces, meanStep, readAgain, cachedTokens }: LanguageCalls,
  precision: Precision,
  rates: MachineRates,
): readonly Pick<StageLatency, 'phase' | 'ms' | 'tokensPerSecond'>[] {
  const { embed, decoder, prefill } = graphs;
  const embedMs = (sequence: number) =>
    callMs({ model: embed, dims: { sequence } }, precision, rates);
  const reader = { model: prefillGraph(graphs).model, precision: prefill?.precision ?? precision };
  const prefillMs = pieces.reduce(
    (sum, { dims }) => sum + callMs({ model: reader.model, dims }, reader.precision, rates),
    0,
  );
  const stateBytesRead = stateBytes(decoder.state, cachedTokens).keyValueBytes;
  const stepMs =
    embedMs(1) +
    callMs({ model: decoder.model, dims: meanStep, cachedBytes: stateBytesRead }, precision, rates);
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

interface GraphCall {
  readonly model: StageModel;
  readonly dims: DimBindings;
  /** Keys and values that it finds. */
  readonly cachedBytes?: number;
}

/** One call of a graph under the roofs of the machine. */
function callMs(
  { model, dims, cachedBytes = 0 }: GraphCall,
  precision: Precision,
  { matrixFlopsPerSecond, memoryBytesPerSecond, launchMicroseconds }: MachineRates,
): number {
  const arithmetic = countFlops(model, dims) / matrixFlopsPerSecond[precision];
  const memory = (movedBytes(model, dims) + cachedBytes) / memoryBytesPerSecond;
  return 1000 * Math.max(arithmetic, memory) + (model.nodes.length * launchMicroseconds) / 1000;
}
