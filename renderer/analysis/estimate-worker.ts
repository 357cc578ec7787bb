/** Estimates graphs beside the page, so that typing never waits for a model to be laid out. */
import type { MachineRates } from '#engine/contract/calibration.ts';
import type { GraphDocument } from '#engine/contract/document.ts';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { Estimates } from '#engine/estimate/budget.ts';
import { estimatePlan } from '#engine/estimate/estimate.ts';
import { estimateLatency } from '#engine/estimate/latency.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { planGraph } from '#engine/plan/plan.ts';
import { catalogue } from '#nodes/index.ts';

export interface EstimateRequest {
  readonly document: GraphDocument;
  /** Null where it is not known how fast the machine is. */
  readonly rates: MachineRates | null;
}

export type EstimateAnswer = Outcome<Estimates>;

globalThis.addEventListener('message', ({ data }: MessageEvent<EstimateRequest>) => {
  globalThis.postMessage(answer(data));
});

function answer({ document, rates }: EstimateRequest): EstimateAnswer {
  const checked = checkGraph(document, catalogue);
  const plan = planGraph(checked);
  if (!plan.ok) return plan;
  const latency = rates && estimateLatency(checked, plan.value, rates);
  return ok({ graph: estimatePlan(checked, plan.value), latency });
}
