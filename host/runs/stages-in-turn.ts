/** A run for which there is no room to hold all stages: each is loaded when its turn comes, timed, and let go. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import { showPass } from '../showing/show-pass.ts';
import { Pass } from '../stages/pass.ts';
import type { StageContext } from '../stages/stage-runner.ts';
import type { LastRun } from './last-run.ts';
import { NoiseWatch } from './noise-watch.ts';
import {
  inputsOf,
  placed,
  runStage,
  shownPass,
  type PassValues,
  type PipelineStage,
} from './pipeline.ts';
import { prepare } from './warm-up.ts';

/** A pass that rests while other stages are loaded, so that no time of it is. */
interface RestingPass {
  readonly pass: Pass;
  readonly values: PassValues;
}

/** Passes go side by side: all of them through one stage, then all through the next. Loading is in none of their times. */
export async function runInTurn(
  pipeline: readonly PipelineStage[],
  runs: number,
  context: StageContext,
  lastRun: LastRun,
): Promise<Outcome<null>> {
  const { emit, memory, loader } = context;
  const prepared = await prepare(pipeline, context, lastRun, 'in-turn');
  if (!prepared.ok) return prepared;
  const passes = Array.from({ length: runs }, (_, index): RestingPass => {
    const pass = new Pass(index + 1, emit, { memory });
    pass.rest();
    return { pass, values: new Map() };
  });
  const watch = new NoiseWatch();
  const seen: PipelineStage[] = [];
  for (const item of pipeline) {
    const loaded = placed(await item.runner.load(), item.stage);
    if (!loaded.ok) return loaded;
    const ran = await runThrough(
      item,
      passes,
      loaded.value.cold ? prepared.value.pass : null,
      context,
    );
    if (!ran.ok) return ran;
    watch.look();
    seen.push(await marked(item, passes));
    await loader.keepOnly(new Set());
  }
  for (const { pass } of passes) {
    pass.goOn();
    pass.end();
  }
  emit({ type: 'noise-watched', noise: watch.end() });
  const { values } = passes.at(-1) as RestingPass;
  return showPass(shownPass(seen, values), context);
}

/** All passes through one stage, one that warms up before them. */
async function runThrough(
  item: PipelineStage,
  passes: readonly RestingPass[],
  warming: Pass | null,
  { cancel }: StageContext,
): Promise<Outcome<null>> {
  const [first] = passes;
  if (warming && first) {
    warming.goOn();
    const warmed = await runStage(item, new Map(first.values), warming, cancel);
    if (!warmed.ok) return warmed;
  }
  for (const { pass, values } of passes) {
    pass.goOn();
    const ran = await runStage(item, values, pass, cancel);
    pass.rest();
    if (!ran.ok) return ran;
  }
  return ok(null);
}

/** What it did to what it saw is asked for while it is loaded, and told when all is over. */
async function marked(item: PipelineStage, passes: readonly RestingPass[]): Promise<PipelineStage> {
  const { stage, runner } = item;
  const last = passes.at(-1);
  if (stage.shows.length === 0 || !runner.marks || !last) return item;
  const marks = await runner.marks(inputsOf(stage, last.values));
  return { stage, runner: { ...runner, marks: () => Promise.resolve(marks) } };
}
