/** What a graph will cost, without running it. */
import type { Edge } from '../contract/document.ts';
import { ok, type Outcome } from '../contract/outcome.ts';
import type { CheckedGraph } from '../graph/check.ts';
import { describeWire, type WireType } from '../node/wire.ts';
import { sizeBytes, type DimBindings } from '../onnx/value.ts';
import { planGraph, type Plan, type Stage } from '../plan/plan.ts';
import { languageInput } from './language-calls.ts';
import { estimateLanguageModel } from './language-model.ts';
import {
  countFlops,
  countParameters,
  peakActivationBytes,
  residentWeightBytes,
  weightBytes,
} from './model-cost.ts';
import type { StageCost } from './stage-cost.ts';

export interface StageEstimate extends StageCost {
  readonly id: string;
  readonly node: string;
  readonly type: string;
  readonly title: string;
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
    /** Those that a new token goes through: fewer than all where experts are chosen. */
    readonly activeParameters: number;
    readonly flops: number;
    readonly weightBytes: number;
    /** The largest of any stage: stages run one after another. */
    readonly activationBytes: number;
    readonly keyValueBytes: number;
    readonly recurrentBytes: number;
    /** Weights as the runtime holds them and state of all stages, and the activations of the largest. */
    readonly peakBytes: number;
  };
}

/** What the system and the engine process themselves need of the machine's memory beside a graph. */
export const reservedBytes = 512 * 1024 ** 2;

/** Fails with the graph's problems where it cannot be planned. */
export function estimateGraph(checked: CheckedGraph): Outcome<GraphEstimate> {
  const plan = planGraph(checked);
  return plan.ok ? ok(estimatePlan(checked, plan.value)) : plan;
}

/** As `estimateGraph`, of a graph that is planned already. */
export function estimatePlan(checked: CheckedGraph, plan: Plan): GraphEstimate {
  const stages = plan.stages.map((stage) => estimateStage(stage, checked, plan.stages));
  const sum = (pick: (stage: StageEstimate) => number) =>
    stages.reduce((total, stage) => total + pick(stage), 0);
  const parameters = sum((stage) => stage.parameters);
  const weights = sum((stage) => stage.weightBytes);
  const activations = Math.max(...stages.map((stage) => stage.activationBytes));
  const keyValueBytes = sum((stage) => stage.keyValueBytes);
  const recurrentBytes = sum((stage) => stage.recurrentBytes);
  return {
    stages,
    wires: wireEstimates(checked),
    totals: {
      parameters,
      activeParameters: parameters - sum(({ language }) => language?.idleParameters ?? 0),
      flops: sum((stage) => stage.flops),
      weightBytes: weights,
      activationBytes: activations,
      keyValueBytes,
      recurrentBytes,
      peakBytes: sum((stage) => stage.peakBytes - stage.activationBytes) + activations,
    },
  };
}

const free: StageCost = {
  parameters: 0,
  flops: 0,
  weightBytes: 0,
  activationBytes: 0,
  keyValueBytes: 0,
  recurrentBytes: 0,
  peakBytes: 0,
};

function estimateStage(
  stage: Stage,
  checked: CheckedGraph,
  stages: readonly Stage[],
): StageEstimate {
  const { id, type, title, body } = stage;
  const facts = { id, node: id, type, title };
  if (body.kind === 'onnx') {
    const dims = body.dims();
    const activationBytes = passBytes(body, dims);
    return {
      ...facts,
      ...free,
      parameters: countParameters([body.model]),
      flops: countFlops(body.model, dims) * body.expectedRuns,
      weightBytes: weightBytes(body.model),
      activationBytes,
      peakBytes: residentWeightBytes(body.model) + activationBytes,
    };
  }
  if (body.step.kind !== 'generate') return { ...facts, ...free };
  const input = languageInput(stage, checked, stages);
  return { ...facts, ...estimateLanguageModel(body.step, input) };
}

/**
 * What a pass holds beside the weights: a run, and a copy of what each run gives, as the binding of ONNX Runtime gives
 * copies; those of several runs are joined to one more.
 */
function passBytes(
  { model, expectedRuns }: Pick<OnnxBody, 'model' | 'expectedRuns'>,
  dims: DimBindings,
): number {
  const given = model.outputs.reduce((sum, value) => sum + sizeBytes(value, dims), 0);
  const copies = expectedRuns * given;
  const joined = expectedRuns > 1 ? copies : 0;
  return copies + Math.max(peakActivationBytes(model, dims), joined);
}

type OnnxBody = Extract<Stage['body'], { kind: 'onnx' }>;

function wireEstimates({ document, nodes }: CheckedGraph): readonly WireEstimate[] {
  return document.edges.flatMap((edge) => {
    const wire = nodes[edge.from.node]?.outputs[edge.from.port];
    return wire ? [{ edge, wire, text: describeWire(wire) }] : [];
  });
}
