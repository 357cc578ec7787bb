/** Everything before the first timed pass: inputs checked, models loaded, each run once. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import { Pass } from '../stages/pass.ts';
import type { LastRun } from './last-run.ts';
import { inputsOf, placed, runStage, type PassValues, type PipelineStage } from './pipeline.ts';
import type { StageContext } from '../stages/stage-runner.ts';

/**
 * Inputs come first, so that a picture that does not decode or a prompt that is too long is told before
 * a model is built. Then stage by stage: loaded and, where it was not loaded before, run once, so that
 * what a stage adds to memory is its own.
 */
export async function warmUp(
  pipeline: readonly PipelineStage[],
  context: StageContext,
  lastRun: LastRun,
): Promise<Outcome<null>> {
  const pass = new Pass(0, context.emit, { memory: context.memory });
  const values: PassValues = new Map();
  const inputs = await runInputs(pipeline, values, pass, context);
  if (!inputs.ok) return inputs;
  const keys = await preflight(pipeline, values);
  if (!keys.ok) return keys;
  // What the run before has left is let go first, as there may not be room for both.
  lastRun.keepOnly(keys.value);
  await context.loader.keepOnly(keys.value);

  for (const item of pipeline) {
    const loaded = placed(await item.runner.load(), item.stage);
    if (!loaded.ok) return loaded;
    if (!loaded.value.cold) continue;
    const ran = await runWithInputs(item, pipeline, values, pass, context);
    if (!ran.ok) return ran;
  }
  return ok(null);
}

/** Stages of the host that wait for no model. */
async function runInputs(
  pipeline: readonly PipelineStage[],
  values: PassValues,
  pass: Pass,
  { cancel }: StageContext,
): Promise<Outcome<null>> {
  for (const item of pipeline) {
    const { stage } = item;
    const ready = Object.values(stage.inputs)
      .flat()
      .every(({ stage: from }) => values.has(from));
    if (stage.body.kind !== 'host' || stage.body.step.kind === 'generate' || !ready) continue;
    const ran = await runStage(item, values, pass, cancel);
    if (!ran.ok) return ran;
  }
  return ok(null);
}

/** The checks that stages make of what inputs there are; gives the keys of all models of the run. */
async function preflight(
  pipeline: readonly PipelineStage[],
  values: PassValues,
): Promise<Outcome<ReadonlySet<string>>> {
  const keys = new Set<string>();
  for (const { stage, runner } of pipeline) {
    const fit = placed(await runner.preflight(inputsOf(stage, values)), stage);
    if (!fit.ok) return fit;
    for (const key of fit.value) keys.add(key);
  }
  return ok(keys);
}

/** Runs a stage after all that it reads from; each at most once. */
async function runWithInputs(
  item: PipelineStage,
  pipeline: readonly PipelineStage[],
  values: PassValues,
  pass: Pass,
  context: StageContext,
): Promise<Outcome<null>> {
  for (const { stage: from } of Object.values(item.stage.inputs).flat()) {
    if (values.has(from)) continue;
    const before = pipeline.find(({ stage }) => stage.id === from) as PipelineStage;
    const ran = await runWithInputs(before, pipeline, values, pass, context);
    if (!ran.ok) return ran;
  }
  return runStage(item, values, pass, context.cancel);
}
