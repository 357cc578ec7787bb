/** What can be seen of a pass that has been timed, told after its end: nothing of it is in what was measured. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import {
  showingLimits,
  type ExpertLoads,
  type Showing,
  type ShownView,
} from '#engine/contract/showing.ts';
import { layerOfLoad } from '#engine/node/shows.ts';
import type { Stage } from '#engine/plan/plan.ts';
import type { StageShow } from '#engine/plan/stage-shows.ts';
import { previewUrl } from '../images/preview-url.ts';
import { breathe } from '../sessions/progress.ts';
import type { StageContext, StageRunner } from '../stages/stage-runner.ts';
import type { StageInputs, StageOutputs } from '../stages/stage-value.ts';
import { patchGrid } from './patch-grid.ts';
import { seenViews, viewsBehind, viewsRead, type SeenView } from './seen-views.ts';

export interface ShownPass {
  readonly pipeline: readonly { readonly stage: Stage; readonly runner: StageRunner }[];
  readonly outputsOf: (stage: string) => StageOutputs | undefined;
  readonly inputsOf: (stage: Stage) => StageInputs;
}

/** Fails only where the run is cancelled; a graph that cannot be shown is a warning. */
export async function showPass(
  pass: ShownPass,
  { emit, cancel }: Pick<StageContext, 'emit' | 'cancel'>,
): Promise<Outcome<null>> {
  for (const { stage, runner } of pass.pipeline) {
    if (stage.shows.length === 0) continue;
    await breathe();
    const going = cancel.check();
    if (!going.ok) return going;
    const marks = await runner.marks?.(pass.inputsOf(stage));
    if (marks?.ok === false) {
      const problems = marks.problems.map((problem) => ({
        ...problem,
        severity: 'warning' as const,
        node: problem.node ?? stage.id,
      }));
      emit({ type: 'run-warned', problems });
      continue;
    }
    for (const show of stage.shows) {
      const showing = await showingOf(show, stage, pass, marks?.value);
      if (showing) emit({ type: 'shown', showing });
    }
  }
  return ok(null);
}

/** By tap, the marks of every view, or the load of every expert. */
type Marks = ReadonlyMap<string, readonly (readonly number[])[]>;

async function showingOf(
  show: StageShow,
  stage: Stage,
  { pipeline, outputsOf }: ShownPass,
  marks: Marks | undefined,
): Promise<Showing | null> {
  const { node, title, kind } = show;
  // What a language model does is told below the row of the phase that reads the prompt.
  const runner = pipeline.find((item) => item.stage === stage)?.runner;
  const row = runner?.facts.find(({ phase }) => phase === 'prefill')?.id ?? stage.id;
  const known = { node, title, stage: row, kind };
  if (show.kind === 'views') {
    const seen = seenViews(stage, outputsOf(stage.id), show.port) ?? [];
    if (seen.length === 0) return null;
    const views = await shownViews(seen, []);
    return { ...known, also: null, singledOut: null, viewCount: seen.length, views };
  }
  if (show.kind === 'expert-load') {
    const loads = expertLoads(node, marks ?? new Map());
    if (loads.length === 0) return null;
    return { ...known, also: null, singledOut: null, viewCount: 0, views: [], loads };
  }
  const own = marks?.get(show.tap);
  const stages = pipeline.map((item) => item.stage);
  const reads = stage.roles.visual !== undefined;
  const seen = (reads ? viewsRead : viewsBehind)(stage, stages, outputsOf);
  // What is fused out of several views has no picture of its own.
  if (!own || seen?.length !== own.length) return null;
  const { also, singledOut } = show;
  const views = await shownViews(seen, own);
  return { ...known, also, singledOut, viewCount: seen.length, views };
}

/** Of the layers whose experts are the node's, in their order. */
function expertLoads(node: string, marks: Marks): ExpertLoads {
  return [...marks]
    .flatMap(([tap, [ofExperts = []]]) => {
      const layer = layerOfLoad(tap, node);
      return layer === null ? [] : { layer, ofExperts };
    })
    .toSorted((a, b) => a.layer - b.layer);
}

async function shownViews(
  seen: readonly SeenView[],
  marks: readonly (readonly number[])[],
): Promise<readonly ShownView[]> {
  const shown = seen.slice(0, showingLimits.views);
  const mostPixels = showingLimits.pixels / shown.length;
  const views: ShownView[] = [];
  for (const [index, { view, width, height, image }] of shown.entries()) {
    const { item, role, row, column } = view;
    const scale = Math.min(1, Math.sqrt(mostPixels / (width * height)));
    const dataUrl = await previewUrl(
      image(),
      Math.max(1, Math.round(Math.max(width, height) * scale)),
    );
    const ofPatches = marks[index];
    const grid = ofPatches ? patchGrid(ofPatches.length, { width, height }) : null;
    const marked = ofPatches && grid ? { grid, ofPatches } : null;
    views.push({ item, role, row, column, width, height, dataUrl, marks: marked });
  }
  return views;
}
