/** Stages that the host works through itself, all that hold nothing from one pass to the next. */
import { assertNever, fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import type {
  HostStep,
  LanguageModelStep,
  ReadTextStep,
  TokeniseStep,
} from '#engine/node/host-step.ts';
import type { Stage } from '#engine/plan/plan.ts';
import { loadClip } from '../clips/load-clip.ts';
import { loadImage } from '../images/load-image.ts';
import { tiledViews, wholeViews } from './picture-views.ts';
import { stageFacts, type StageContext, type StageRunner } from './stage-runner.ts';
import { unplannedPicture } from './unplanned-picture.ts';
import {
  outputBytes,
  type StageInputs,
  type StageOutputs,
  type StageValue,
} from './stage-value.ts';

export type PlainStep = Exclude<HostStep, LanguageModelStep | ReadTextStep | TokeniseStep>;

export const hostStage = (stage: Stage, step: PlainStep, context: StageContext): StageRunner =>
  modellessStage(stage, (inputs) => runStep(step, inputs, context));

/** A stage that loads nothing: all of it is one span. */
export function modellessStage(
  stage: Stage,
  run: (inputs: StageInputs) => Promise<Outcome<StageOutputs>>,
): StageRunner {
  return {
    facts: [stageFacts(stage)],
    preflight: () => Promise.resolve(ok([])),
    load: () => Promise.resolve(ok({ cold: false })),
    run: (inputs, pass) =>
      pass.span(
        stage.id,
        0,
        () => run(inputs),
        (outputs) => ({ outputBytes: outputBytes(outputs) }),
      ),
  };
}

async function runStep(
  step: PlainStep,
  inputs: StageInputs,
  { baseFolder, cancel }: StageContext,
): Promise<Outcome<StageOutputs>> {
  switch (step.kind) {
    case 'load-image': {
      const image = await loadImage(step.source, baseFolder);
      if (!image.ok) return image;
      return ok({ image: { kind: 'image', media: 'image', images: [image.value] } });
    }
    case 'load-clip': {
      const { signal } = cancel;
      const frames = await loadClip(step.source, step.frames, { baseFolder, signal });
      if (!frames.ok) return frames;
      return ok({ frames: { kind: 'image', media: 'video', images: frames.value } });
    }
    case 'give-text':
      return ok({ text: { kind: 'text', text: step.text } });
    case 'preprocess': {
      const other = unplannedPicture(inputs['image'] ?? [], step.recipe);
      if (other) return fail(other);
      const batches = [wholeViews(inputs['image'] ?? [], step.recipe)];
      return ok({ pixels: { kind: 'tensors', batches } });
    }
    case 'tile': {
      const other = unplannedPicture(inputs['image'] ?? [], step.recipe);
      if (other) return fail(other);
      const batches = [tiledViews(inputs['image'] ?? [], step.recipe)];
      return ok({ pixels: { kind: 'tensors', batches } });
    }
    case 'show-answer':
      // What it is given it hands on, to the person.
      return ok({ answer: inputs['answer']?.[0] as StageValue });
    default:
      return assertNever(step);
  }
}
