/** A pass apart from the timed ones, under ONNX Runtime's profiler. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { Plan } from '#engine/plan/plan.ts';
import { Profiler } from '../sessions/profiler.ts';
import { Pass } from '../stages/pass.ts';
import type { StageContext, StageRunner } from '../stages/stage-runner.ts';
import { LastRun } from './last-run.ts';
import { runStage, type PassValues } from './pipeline.ts';
import { warmUp } from './warm-up.ts';

type RunnerOf = (stage: Plan['stages'][number], context: StageContext) => StageRunner;

/** Tells the operators of every row; `run` was the last timed pass. The sessions of the timed passes are let go first: both would need room for two. */
export async function profiledPass(
  { stages }: Plan,
  runnerOf: RunnerOf,
  context: StageContext,
  run: number,
): Promise<Outcome<null>> {
  await context.loader.keepOnly(new Set());
  const profiler = await Profiler.start();
  const loader = context.loader.openingBy(profiler.open);
  // What it measures is not the run's: of its events only how it gets on is told.
  const quiet: StageContext = {
    ...context,
    loader,
    emit: (event) => {
      if (event.type === 'stage-progress') context.emit({ ...event, phase: 'profiling', run });
    },
  };
  const pipeline = stages.map((stage) => ({ stage, runner: runnerOf(stage, quiet) }));
  try {
    const warm = await warmUp(pipeline, quiet, new LastRun());
    if (!warm.ok) return warm;
    const pass = new Pass(1, quiet.emit, (row) => {
      profiler.row = row;
    });
    const values: PassValues = new Map();
    for (const item of pipeline) {
      const ran = await runStage(item, values, pass, context.cancel);
      if (!ran.ok) return ran;
    }
    for (const [stage, operators] of await profiler.operators())
      context.emit({ type: 'operators-profiled', stage, operators });
    return ok(null);
  } finally {
    for (const { runner } of pipeline) await runner.close?.();
    await loader.keepOnly(new Set());
    await profiler.close();
  }
}
