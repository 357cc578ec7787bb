/** A stage that is one ONNX graph. */
import { ok } from '#engine/contract/outcome.ts';
import { countFlops } from '#engine/estimate/model-cost.ts';
import { movedBytes } from '#engine/estimate/moved-bytes.ts';
import { shownPrefix } from '#engine/plan/shown-outputs.ts';
import type { Stage } from '#engine/plan/plan.ts';
import { feedsDigest, reusedOutputs } from './reused-outputs.ts';
import { holdModel, isCold, settleModels, type HeldModel } from './held-model.ts';
import type { Kept } from './kept.ts';
import { refusable } from '../sessions/load-model.ts';
import type { TensorMap } from '../sessions/sessions.ts';
import { stageProgress } from './stage-progress.ts';
import { stageFacts, type StageContext, type StageRunner } from './stage-runner.ts';
import {
  batchesByPort,
  feedsOf,
  graphRuns,
  joinRuns,
  marksByTap,
  measuredInputs,
  measuredOutputs,
  type GraphRun,
} from './graph-runs.ts';
import {
  outputBytes,
  tokensInAll,
  type Batch,
  type StageInputs,
  type StageOutputs,
} from './stage-value.ts';

type OnnxBody = Extract<Stage['body'], { kind: 'onnx' }>;

/** `kept` is what graphs of the last run gave, where that is to be reused. */
export function onnxStage(
  stage: Stage,
  body: OnnxBody,
  context: StageContext,
  kept: Kept<TensorMap> | null,
): StageRunner {
  const { model, runsBy, facts } = body;
  const row = { id: stage.id, node: stage.id };
  let held: HeldModel | null = null;
  return {
    facts: [stageFacts(stage)],
    async preflight() {
      const { loader, baseFolder, threads } = context;
      const progress = stageProgress(row, context);
      const key = await loader.identify({ model, threads, baseFolder, progress });
      return key.ok ? ok([key.value]) : key;
    },
    async load() {
      const outcome = await holdModel(row, model, stage.title, context.threads, context);
      if (!outcome.ok) return outcome;
      held = outcome.value;
      const cold = isCold(held);
      if (!cold) settleModels(stage.id, [held], context);
      return ok({ cold });
    },
    async run(inputs, pass) {
      if (!held) throw new Error(`"${stage.id}" runs before it is loaded.`);
      const { session, key } = held.loaded;
      const runs = graphRuns(inputs, runsBy);
      if (!runs.ok) return runs;
      // A pass that warms up is there to run.
      const reusing = pass.run > 0 ? kept : null;
      const given = runs.value.map((run) => {
        const feeds = feedsOf(run, model, facts);
        return { run, feeds, digest: reusing ? feedsDigest(feeds) : '' };
      });
      const digests = given.map(({ digest }) => digest);
      const reused = reusing && reusedOutputs(reusing, key, digests);
      if (reused) {
        const views = runs.value.map((run) => run.views);
        const outputs = joinRuns(
          reused.map((tensors, index) => batchesByPort(tensors, views[index] ?? [])),
        );
        const { run } = pass;
        const tokens = tokensOf(inputs, outputs);
        context.emit({ type: 'stage-reused', stage: stage.id, run, ...tokens });
        return ok(outputs);
      }
      const outcome = await pass.span(
        stage.id,
        held.ownBytes,
        () =>
          refusable(stage.title, async () => {
            const ran: FinishedRun[] = [];
            for (const { run, feeds, digest } of given) {
              const tensors = await session.run(feeds);
              reusing?.leave(key, digest, tensors);
              ran.push({ run, outputs: batchesByPort(tensors, run.views) });
            }
            return { ran, outputs: joinRuns(ran.map(({ outputs }) => outputs)) };
          }),
        ({ ran, outputs }) => spanFacts(body, ran, inputs, outputs),
      );
      if (!outcome.ok) return outcome;
      if (isCold(held)) settleModels(stage.id, [held], context);
      return ok(outcome.value.outputs);
    },
    async marks(inputs) {
      const taps = new Map<string, (readonly number[])[]>();
      const isShown = model.outputs.some(({ name }) => name.startsWith(shownPrefix));
      if (!held || !isShown) return ok(taps);
      const { session } = held.loaded;
      const runs = graphRuns(inputs, runsBy);
      if (!runs.ok) return runs;
      return refusable(stage.title, async () => {
        for (const run of runs.value) {
          const tensors = await session.run(feedsOf(run, model, facts, false));
          for (const [tap, ofViews] of marksByTap(tensors, run.views.length))
            taps.set(tap, [...(taps.get(tap) ?? []), ...ofViews]);
        }
        return taps;
      });
    },
  };
}

interface FinishedRun {
  readonly run: GraphRun;
  readonly outputs: Readonly<Record<string, Batch>>;
}

const tokensOf = (inputs: StageInputs, outputs: StageOutputs) => ({
  tokensIn: tokensInAll(inputs['tokens']?.[0]),
  tokensOut: tokensInAll(outputs['tokens']),
});

function spanFacts(
  body: OnnxBody,
  ran: readonly FinishedRun[],
  inputs: StageInputs,
  outputs: StageOutputs,
) {
  const dims = ran.map(({ run, outputs: own }) =>
    body.dims({ ...measuredInputs(run), ...measuredOutputs(own) }),
  );
  return {
    ...tokensOf(inputs, outputs),
    flops: dims.reduce((sum, each) => sum + countFlops(body.model, each), 0),
    movedBytes: dims.reduce((sum, each) => sum + movedBytes(body.model, each), 0),
    outputBytes: outputBytes(outputs),
  };
}
