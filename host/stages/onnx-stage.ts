/** A stage that is one ONNX graph. */
import { ok } from '#engine/contract/outcome.ts';
import { countFlops } from '#engine/estimate/model-cost.ts';
import type { Stage } from '#engine/plan/plan.ts';
import { holdModel, isCold, settleModels, type HeldModel } from './held-model.ts';
import { refusable } from '../sessions/load-model.ts';
import { threadCount } from '../system/machine.ts';
import { stageFacts, type StageContext, type StageRunner } from './stage-runner.ts';
import {
  feedsOf,
  measuredInputs,
  measuredOutputs,
  outputBytes,
  outputsByPort,
  tokensInAll,
  type StageInputs,
  type StageOutputs,
} from './stage-value.ts';

type OnnxBody = Extract<Stage['body'], { kind: 'onnx' }>;

export function onnxStage(stage: Stage, body: OnnxBody, context: StageContext): StageRunner {
  const { model } = body;
  let held: HeldModel | null = null;
  return {
    facts: [stageFacts(stage)],
    async preflight() {
      const key = await context.loader.identify(model, threadCount, context.baseFolder);
      return key.ok ? ok([key.value]) : key;
    },
    async load() {
      const outcome = await holdModel(stage.id, model, stage.title, threadCount, context);
      if (!outcome.ok) return outcome;
      held = outcome.value;
      const cold = isCold(held);
      if (!cold) settleModels(stage.id, [held], context);
      return ok({ cold });
    },
    async run(inputs, pass) {
      if (!held) throw new Error(`"${stage.id}" runs before it is loaded.`);
      const { session } = held.loaded;
      const outcome = await pass.span(
        stage.id,
        held.ownBytes,
        () =>
          refusable(stage.title, async () =>
            outputsByPort(await session.run(feedsOf(inputs, model))),
          ),
        (outputs) => spanFacts(body, inputs, outputs),
      );
      if (outcome.ok && isCold(held)) settleModels(stage.id, [held], context);
      return outcome;
    },
  };
}

function spanFacts(body: OnnxBody, inputs: StageInputs, outputs: StageOutputs) {
  const measured = { ...measuredInputs(inputs), ...measuredOutputs(outputs) };
  return {
    tokensIn: tokensInAll(inputs['tokens']?.[0]),
    tokensOut: tokensInAll(outputs['tokens']),
    flops: countFlops(body.model, body.dims(measured)),
    outputBytes: outputBytes(outputs),
  };
}
