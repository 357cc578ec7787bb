/** Passes apart from the timed ones, under ONNX Runtime's profiler. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { Plan, Stage } from '#engine/plan/plan.ts';
import { Profiler } from '../sessions/profiler.ts';
import { Pass } from '../stages/pass.ts';
import type { StageContext, StageRunner } from '../stages/stage-runner.ts';
import { LastRun } from './last-run.ts';
import { runStages } from './pipeline.ts';
import { warmUp } from './warm-up.ts';

/** What else the machine does in one of them is not taken for an operator's; a long pass is hardly disturbed. */
const mostPasses = 3;
const enoughMs = 5_000;
/** Of an answer some steps say what every step does, and what the profiler writes of thousands fills memory. */
const mostNewTokens = 8;

type RunnerOf = (stage: Stage, context: StageContext) => StageRunner;

/**
 * Tells the operators of every row; `run` was the last timed pass. The sessions of the timed passes are let go first, as
 * both together would need room for two.
 */
export async function profilePasses(
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
  const pipeline = stages.map(withFewTokens).map((stage) => ({
    stage,
    runner: runnerOf(stage, quiet),
  }));
  try {
    const warm = await warmUp(pipeline, quiet, new LastRun());
    if (!warm.ok) return warm;
    const start = performance.now();
    for (let pass = 1; pass <= mostPasses; pass++) {
      const entered = (row: string): void => {
        profiler.current = { row, pass };
      };
      const followed = new Pass(pass, quiet.emit, { entered });
      const ran = await runStages(pipeline, followed, context.cancel);
      if (!ran.ok) return ran;
      if (performance.now() - start > enoughMs) break;
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

function withFewTokens(stage: Stage): Stage {
  const { body } = stage;
  if (body.kind !== 'host' || body.step.kind !== 'generate') return stage;
  const { sampling } = body.step;
  const maxNewTokens = Math.min(sampling.maxNewTokens, mostNewTokens);
  return {
    ...stage,
    body: { ...body, step: { ...body.step, sampling: { ...sampling, maxNewTokens } } },
  };
}
