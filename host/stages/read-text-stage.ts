/** A stage that reads the text in a picture; its reader stays open from pass to pass. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import { warning } from '#engine/contract/problem.ts';
import type { ReadTextStep } from '#engine/node/host-step.ts';
import type { Stage } from '#engine/plan/plan.ts';
import type { RgbImage } from '../images/decode-image.ts';
import { chooseRegions } from '../reading/choose-regions.ts';
import { cutRegion } from '../reading/cut-region.ts';
import { groundedPrompt } from '../reading/grounded-prompt.ts';
import { openTextReader, type TextReader } from '../reading/text-reader.ts';
import { modellessStage } from './host-stage.ts';
import type { StageContext, StageRunner } from './stage-runner.ts';
import type { StageInputs, StageOutputs } from './stage-value.ts';

export function readTextStage(
  stage: Stage,
  step: ReadTextStep,
  { emit, cancel }: StageContext,
): StageRunner {
  // Opened by the first pass, which is never timed.
  let opened: Promise<Outcome<TextReader>> | null = null;
  let isTold = false;
  const tellNothingRead = (): void => {
    if (isTold) return;
    isTold = true;
    const message =
      'No text was read in the picture, which goes on as a whole; ask for less confidence or enlarge it, if there is any.';
    emit({
      type: 'run-warned',
      problems: [warning('text-missing', message, { node: stage.id })],
    });
  };
  const run = async (inputs: StageInputs): Promise<Outcome<StageOutputs>> => {
    const reader = await (opened ??= openTextReader(step, cancel));
    if (!reader.ok) return reader;
    const { image, question } = givenTo(inputs);
    const lines = await reader.value.read(image);
    if (!lines.ok) return lines;
    const regions = chooseRegions(lines.value, question, step);
    if (regions.length === 0) tellNothingRead();
    const text = groundedPrompt(question, regions, image, step.marksPictures);
    if (!text.ok) return text;
    const crops = regions
      .filter(({ isCut }) => isCut)
      .map(({ box }) => cutRegion(image, box, step.margin));
    return ok({
      text: { kind: 'text', text: text.value },
      pictures: { kind: 'image', media: 'image', images: [image, ...crops] },
    });
  };
  return {
    ...modellessStage(stage, run),
    async close() {
      const reader = await opened;
      if (reader?.ok === true) await reader.value.close();
    },
  };
}

/** The one picture of its wire, and the question where that is wired. */
function givenTo(inputs: StageInputs): { readonly image: RgbImage; readonly question: string } {
  const [picture] = inputs['image'] ?? [];
  const [question] = inputs['question'] ?? [];
  if (picture?.kind !== 'image') throw new Error('There is no picture to read.');
  return {
    image: picture.images[0] as RgbImage,
    question: question?.kind === 'text' ? question.text : '',
  };
}
