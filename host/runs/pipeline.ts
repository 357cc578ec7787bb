/** Stages wired together: what one gives, the next takes. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import type { Stage } from '#engine/plan/plan.ts';
import type { ShownPass } from '../showing/show-pass.ts';
import type { Pass } from '../stages/pass.ts';
import { breathe, type CancelSwitch } from '../sessions/progress.ts';
import type { StageRunner } from '../stages/stage-runner.ts';
import type { StageInputs, StageOutputs } from '../stages/stage-value.ts';

export interface PipelineStage {
  readonly stage: Stage;
  readonly runner: StageRunner;
}

/** Outputs of the stages that have run, by stage. */
export type PassValues = Map<string, StageOutputs>;

/** The values at the input ports of a stage, as far as they are known. */
export function inputsOf({ inputs }: Stage, values: PassValues): StageInputs {
  return Object.fromEntries(
    Object.entries(inputs).map(([port, froms]) => [
      port,
      froms.flatMap(({ stage: from, port: output }) => values.get(from)?.[output] ?? []),
    ]),
  );
}

/** What can be seen of a pass, by what its stages gave. */
export const shownPass = (pipeline: readonly PipelineStage[], values: PassValues): ShownPass => ({
  pipeline,
  outputsOf: (id) => values.get(id),
  inputsOf: (stage) => inputsOf(stage, values),
});

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

/** Runs every stage in turn; gives what each of them made. */
export async function runStages(
  pipeline: readonly PipelineStage[],
  pass: Pass,
  cancel: CancelSwitch,
): Promise<Outcome<PassValues>> {
  const values: PassValues = new Map();
  for (const item of pipeline) {
    const ran = await runStage(item, values, pass, cancel);
    if (!ran.ok) return ran;
  }
  return ok(values);
}

/** Problems of a stage are problems of its node. */
export function placed<Value>(outcome: Outcome<Value>, { id }: Stage): Outcome<Value> {
  if (outcome.ok) return outcome;
  return fail(...outcome.problems.map((problem) => ({ ...problem, node: problem.node ?? id })));
}
