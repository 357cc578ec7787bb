/** Stages wired together: what one gives, the next takes. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import type { Stage } from '#engine/plan/plan.ts';
import type { Pass } from './pass.ts';
import { breathe, type CancelSwitch } from './progress.ts';
import type { StageRunner } from './stage-runner.ts';
import type { StageOutputs, StageValue } from './stage-value.ts';

export interface PipelineStage {
  readonly stage: Stage;
  readonly runner: StageRunner;
}

/** Outputs of the stages that have run, by stage. */
export type PassValues = Map<string, StageOutputs>;

/** The values at the input ports of a stage, as far as they are known. */
export function inputsOf({ inputs }: Stage, values: PassValues): StageOutputs {
  const known: Record<string, StageValue> = {};
  for (const [port, { stage: from, port: output }] of Object.entries(inputs)) {
    const value = values.get(from)?.[output];
    if (value) known[port] = value;
  }
  return known;
}

/** Runs one stage on what the stages before it gave, unless the run has been cancelled. */
export async function runStage(
  { stage, runner }: PipelineStage,
  values: PassValues,
  pass: Pass,
  cancel: CancelSwitch,
): Promise<Outcome<null>> {
  await breathe();
  const going = cancel.check();
  if (!going.ok) return going;
  const outputs = placed(await runner.run(inputsOf(stage, values), pass), stage);
  if (!outputs.ok) return outputs;
  values.set(stage.id, outputs.value);
  return ok(null);
}

/** Problems of a stage are problems of its node. */
export function placed<Value>(outcome: Outcome<Value>, { id }: Stage): Outcome<Value> {
  if (outcome.ok) return outcome;
  return fail(...outcome.problems.map((problem) => ({ ...problem, node: problem.node ?? id })));
}
