/** What a graph will cost, without running it. */
import type { Edge } from '../contract/document.ts';
import { ok, type Outcome } from '../contract/outcome.ts';
import type { CheckedGraph } from '../graph/check.ts';
import { describeWire, type WireType } from '../graph/wire.ts';
import { planGraph, type Stage } from '../plan/plan.ts';
import { estimateLanguageModel } from './language-model.ts';
import { countFlops, countParameters, peakActivationBytes, weightBytes } from './model-cost.ts';

export interface StageEstimate {
  readonly id: string;
  readonly node: string;
  readonly type: string;
  readonly title: string;
  readonly parameters: number;
  /** One run; for a language model, prefill and all decode steps together. */
  readonly flops: number;
  readonly weightBytes: number;
  readonly activationBytes: number;
  readonly keyValueBytes: number;
  /** Only for a language model. */
  readonly language?: LanguageEstimate;
}

export interface LanguageEstimate {
  readonly promptTokens: number;
  readonly visualTokens: number;
  /** After pruning inside the model; equal to `visualTokens` without. */
  readonly keptVisualTokens: number;
  readonly newTokens: number;
  readonly prefillFlops: number;
  readonly decodeFlopsPerToken: number;
}

export interface WireEstimate {
  readonly edge: Edge;
  readonly wire: WireType;
  readonly text: string;
}

export interface GraphEstimate {
  readonly stages: readonly StageEstimate[];
  readonly wires: readonly WireEstimate[];
  readonly totals: {
    readonly parameters: number;
    readonly flops: number;
    readonly weightBytes: number;
    /** The largest of any stage: stages run one after another. */
    readonly activationBytes: number;
    readonly keyValueBytes: number;
    /** Weights and cache of all stages, and the activations of the largest. */
    readonly peakBytes: number;
  };
}

/** What the system and the engine process themselves need of the machine's memory beside a graph. */
export const reservedBytes = 512 * 1024 ** 2;

/** Fails with the graph's problems where it cannot be planned. */
export function estimateGraph(checked: CheckedGraph): Outcome<GraphEstimate> {
  const plan = planGraph(checked);
  if (!plan.ok) return plan;
  const stages = plan.value.stages.map((stage) => estimateStage(stage, checked, plan.value.stages));
  const sum = (pick: (stage: StageEstimate) => number) =>
    stages.reduce((total, stage) => total + pick(stage), 0);
  const weights = sum((stage) => stage.weightBytes);
  const activations = Math.max(...stages.map((stage) => stage.activationBytes));
  const keyValues = sum((stage) => stage.keyValueBytes);
  return ok({
    stages,
    wires: wireEstimates(checked),
    totals: {
      parameters: sum((stage) => stage.parameters),
      flops: sum((stage) => stage.flops),
      weightBytes: weights,
      activationBytes: activations,
      keyValueBytes: keyValues,
      peakBytes: weights + activations + keyValues,
    },
  });
}

function estimateStage(
  stage: Stage,
  checked: CheckedGraph,
  stages: readonly Stage[],
): StageEstimate {
  const { id, type, title, body } = stage;
  const facts = { id, node: id, type, title };
  if (body.kind === 'onnx') {
    const dims = body.dims();
    return {
      ...facts,
      parameters: countParameters([body.model]),
      flops: countFlops(body.model, dims),
      weightBytes: weightBytes(body.model),
      activationBytes: peakActivationBytes(body.model, dims),
      keyValueBytes: 0,
    };
  }
  if (body.step.kind === 'generate') {
    const visual = checked.nodes[id]?.inputs['visual'];
    const visualTokens = visual?.kind === 'tokens' ? visual.count.tokens : 0;
    const prompt = promptText(stage, stages);
    return { ...facts, ...estimateLanguageModel(body.step, { visualTokens, prompt }) };
  }
  return {
    ...facts,
    parameters: 0,
    flops: 0,
    weightBytes: 0,
    activationBytes: 0,
    keyValueBytes: 0,
  };
}

function promptText(stage: Stage, stages: readonly Stage[]): string {
  const source = stages.find(({ id }) => id === stage.inputs['prompt']?.stage);
  return source?.body.kind === 'host' && source.body.step.kind === 'give-text'
    ? source.body.step.text
    : '';
}

function wireEstimates({ document, nodes }: CheckedGraph): readonly WireEstimate[] {
  return document.edges.flatMap((edge) => {
    const wire = nodes[edge.from.node]?.outputs[edge.from.port];
    return wire ? [{ edge, wire, text: describeWire(wire) }] : [];
  });
}
