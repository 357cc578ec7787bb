/** Runs a graph: loads its stages in order, warms them up, and times as many passes as were asked for, or as it takes. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error, warning } from '#engine/contract/problem.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { runOptionsSchema, type RunRequest } from '#engine/contract/run-request.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { applyOverrides } from '#engine/plan/apply-overrides.ts';
import { planGraph, type Plan, type Stage } from '#engine/plan/plan.ts';
import { TimedPasses } from '#engine/profile/timed-passes.ts';
import { catalogue } from '#nodes/index.ts';
import { hostStage } from '../stages/host-stage.ts';
import { languageStage } from '../language/language-stage.ts';
import type { ModelLoader } from '../sessions/load-model.ts';
import { describeMachine, threadCount } from '../system/machine.ts';
import { raisePriority } from '../system/priority.ts';
import { LastRun } from './last-run.ts';
import { holdingOf } from './memory-budget.ts';
import { NoiseWatch } from './noise-watch.ts';
import { onnxStage } from '../stages/onnx-stage.ts';
import { showPass } from '../showing/show-pass.ts';
import { MemorySamples } from '../stages/memory-samples.ts';
import { Pass, type Emit } from '../stages/pass.ts';
import { profilePasses } from './profiled-passes.ts';
import { runStages, shownPass, type PipelineStage } from './pipeline.ts';
import type { CancelSwitch } from '../sessions/progress.ts';
import { readTextStage } from '../stages/read-text-stage.ts';
import type { StageContext, StageRunner } from '../stages/stage-runner.ts';
import { runInTurn } from './stages-in-turn.ts';
import { tokeniseStage } from '../stages/tokenise-stage.ts';
import { warmUp } from './warm-up.ts';

/**
 * Emits the events of one run, all but the last one, which is its outcome. What `lastRun` holds is reused where the
 * request says so, and let go where it does not.
 */
export async function executeRun(
  request: RunRequest,
  loader: ModelLoader,
  emit: Emit,
  cancel: CancelSwitch,
  lastRun = new LastRun(),
): Promise<Outcome<null>> {
  const isReusing = request.reuse === true;
  if (!isReusing) lastRun.settle(false);
  let isWhole = false;
  try {
    const done = await runGraph(request, { loader, emit, cancel, lastRun });
    isWhole = done.ok && isReusing;
    return done;
  } finally {
    lastRun.settle(isWhole);
  }
}

interface Surroundings extends Pick<StageContext, 'loader' | 'emit' | 'cancel'> {
  readonly lastRun: LastRun;
}

async function runGraph(
  request: RunRequest,
  { loader, emit, cancel, lastRun }: Surroundings,
): Promise<Outcome<null>> {
  const runs = request.reuse === true ? (request.runs ?? 1) : (request.runs ?? null);
  if (request.reuse === true && runs !== 1) return fail(severalPasses);
  const document = applyOverrides(request.document, request, catalogue);
  if (!document.ok) return document;
  const checked = checkGraph(document.value, catalogue);
  const plan = planGraph(checked, request.until === undefined ? {} : { until: request.until });
  if (!plan.ok) return plan;
  const warnings = checked.problems.filter(({ severity }) => severity === 'warning');
  if (warnings.length > 0) emit({ type: 'run-warned', problems: warnings });
  const limit = request.memoryBytes === undefined ? {} : { limitBytes: request.memoryBytes };
  const holding = holdingOf(checked, plan.value, limit);
  if (!holding.ok) return holding;

  const baseFolder = request.baseFolder ?? process.cwd();
  const { threads = threadCount } = request;
  const memory = new MemorySamples(emit);
  const context: StageContext = { loader, emit: memory.emit, cancel, memory, baseFolder, threads };
  const pipeline = plan.value.stages.map((stage) => ({
    stage,
    runner: runnerOf(stage, plan.value, context, request.reuse === true ? lastRun : null),
  }));
  const stages = pipeline.flatMap(({ runner }) => runner.facts);
  const machine = { ...describeMachine(), threads };
  const options = runOptionsSchema.parse({ ...request, runs: runs ?? undefined });
  const wires = wiresOf(plan.value);
  emit({ type: 'run-started', machine, stages, wires, options, holding: holding.value });

  const isFirst = request.priority === 'high';
  const putBack = isFirst ? raisePriority() : null;
  if (isFirst && !putBack) emit({ type: 'run-warned', problems: [notRaised] });
  memory.begin();
  let passes: number;
  try {
    if (holding.value === 'in-turn') {
      if (request.operators === true) emit({ type: 'run-warned', problems: [noRoomToProfile] });
      return await runInTurn(pipeline, runs ?? 1, context, lastRun);
    }
    const ran = await runPipeline(pipeline, runs, context, lastRun);
    if (!ran.ok || request.operators !== true) return ran.ok ? ok(null) : ran;
    passes = ran.value;
  } finally {
    memory.end();
    putBack?.();
    for (const { runner } of pipeline) await runner.close?.();
  }
  const runnerOfStage = (stage: Stage, quiet: StageContext): StageRunner =>
    runnerOf(stage, plan.value, quiet);
  return profilePasses(plan.value, runnerOfStage, context, passes);
}

/** Gives how many passes were timed. */
async function runPipeline(
  pipeline: readonly PipelineStage[],
  runs: number | null,
  context: StageContext,
  lastRun: LastRun,
): Promise<Outcome<number>> {
  const { emit, cancel, memory } = context;
  const warm = await warmUp(pipeline, context, lastRun);
  if (!warm.ok) return warm;
  const timed = new TimedPasses();
  const watch = new NoiseWatch();
  for (let run = 1; ; run++) {
    const hear = (event: RunEvent): void => {
      timed.hear(event);
      emit(event);
    };
    const pass = new Pass(run, hear, { memory });
    const ran = await runStages(pipeline, pass, cancel);
    if (!ran.ok) return ran;
    pass.end();
    watch.look();
    if (!timed.areEnough(runs)) continue;
    emit({ type: 'noise-watched', noise: watch.end() });
    const shown = await showPass(shownPass(pipeline, ran.value), context);
    return shown.ok ? ok(run) : shown;
  }
}

function wiresOf({ stages }: Plan): Extract<RunEvent, { type: 'run-started' }>['wires'] {
  return stages.flatMap(({ id, inputs }) =>
    Object.values(inputs)
      .flat()
      .map(({ stage }) => ({ from: stage, to: id })),
  );
}

const noRoomToProfile = warning(
  'memory-short',
  'Operators are profiled with all stages in memory, for which there is no room; run a part of the graph alone for them.',
);

const notRaised = warning(
  'priority-refused',
  "The system does not let this user's programs come before others, so the run was one of many; start Patchbay as an administrator, or ask for no priority.",
);

const severalPasses = error(
  'param-invalid',
  'A run that reuses what the last one read is timed once, as nothing would be left for a second pass to read; ask for one pass, or reuse nothing.',
);

/** What works through a stage; it reuses what there is of a last run. */
export function runnerOf(
  stage: Stage,
  { stages }: Plan,
  context: StageContext,
  lastRun: LastRun | null = null,
): StageRunner {
  if (stage.body.kind === 'onnx')
    return onnxStage(stage, stage.body, context, lastRun?.outputs ?? null);
  const { step } = stage.body;
  if (step.kind === 'tokenise') return tokeniseStage(stage, step, context);
  if (step.kind === 'read-text') return readTextStage(stage, step, context);
  if (step.kind !== 'generate') return hostStage(stage, step, context);
  const visual = stage.inputs[stage.roles.visual ?? ''] ?? [];
  const wires = visual.flatMap(
    ({ stage: from, port }) => stages.find(({ id }) => id === from)?.outputs[port] ?? [],
  );
  return languageStage(stage, step, context, wires, lastRun?.prompts ?? null);
}
