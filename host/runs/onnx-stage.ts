/** A stage that is one ONNX graph. */
import { ok } from '#engine/contract/outcome.ts';
import { countFlops } from '#engine/estimate/model-cost.ts';
import type { Stage } from '#engine/plan/plan.ts';
import { holdModel, isCold, settleModel, type HeldModel } from './held-model.ts';
import { refusable } from './load-model.ts';
import { threadCount } from '../machine.ts';
import { stageFacts, type StageContext, type StageRunner } from './stage-runner.ts';
import { outputBytes, feedsOf, outputsByPort, tokensOf, type StageOutputs } from './stage-value.ts';

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
      if (!cold) settleModel(stage.id, held, context);
      return ok({ cold });
    },
    async run(inputs, pass) {
      if (!held) throw new Error(`"${stage.id}" runs before it is loaded.`);
      const { session } = held.loaded;
      const outcome = await pass.span(
        stage.id,
        held.ownBytes,
        () => refusable(stage.title, async () => outputsByPort(await session.run(feedsOf(inputs)))),
        (outputs) => spanFacts(body, inputs, outputs),
      );
      if (outcome.ok && isCold(held)) settleModel(stage.id, held, context);
      return outcome;
    },
  };
}

function spanFacts(body: OnnxBody, inputs: StageOutputs, outputs: StageOutputs) {
  const counts: Record<string, number> = {};
  for (const [port, value] of Object.entries({ ...inputs, ...outputs })) {
    const tokens = tokensOf(value);
    if (tokens !== null) counts[port] = tokens;
  }
  return {
    tokensIn: tokensOf(inputs['tokens']),
    tokensOut: tokensOf(outputs['tokens']),
    flops: countFlops(body.model, body.dims(counts)),
    outputBytes: outputBytes(outputs),
  };
}
