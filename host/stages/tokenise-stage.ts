/** A stage that turns text into token ids, by a tokenizer that stays open from pass to pass. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { TokeniseStep } from '#engine/node/host-step.ts';
import type { Stage } from '#engine/plan/plan.ts';
import { int64 } from '../sessions/sessions.ts';
import { openTextTokenizer, tokeniseText } from '../text/tokenise-text.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import { checkpointFolder } from '../weights/checkpoint-folder.ts';
import { modellessStage } from './host-stage.ts';
import type { StageContext, StageRunner } from './stage-runner.ts';
import type { StageInputs, StageOutputs, StageValue } from './stage-value.ts';

export function tokeniseStage(
  stage: Stage,
  step: TokeniseStep,
  { baseFolder }: StageContext,
): StageRunner {
  const chosen = step.tokenizer;
  const folder = chosen.kind === 'random' ? null : checkpointFolder(chosen.folder, baseFolder);
  // Opened by the first run, which comes before any model is loaded and is never timed.
  let opened: Promise<Outcome<Tokenizer>> | null = null;
  const run = async (inputs: StageInputs): Promise<Outcome<StageOutputs>> => {
    const tokenizer = await (opened ??= openTextTokenizer(step, folder));
    if (!tokenizer.ok) return tokenizer;
    const [given] = inputs['text'] ?? [];
    const { text } = given as Extract<StageValue, { kind: 'text' }>;
    const ids = tokeniseText(tokenizer.value, text, step);
    if (!ids.ok) return ids;
    const tensors = { '': int64(ids.value, [1, ids.value.length]) };
    return ok({ ids: { kind: 'tensors', batches: [{ tensors, views: [] }] } });
  };
  return modellessStage(stage, run);
}
