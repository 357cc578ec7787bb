/** What the parts of a language stage share while it is loaded and runs. */
import type { LanguagePhase } from '#engine/contract/run-event.ts';
import type { LanguageModelStep } from '#engine/node/host-step.ts';
import type { Stage } from '#engine/plan/plan.ts';
import type { HeldModel } from '../stages/held-model.ts';
import type { Kept } from '../stages/kept.ts';
import type { Pass, SpanFacts } from '../stages/pass.ts';
import type { StageContext } from '../stages/stage-runner.ts';
import type { HeldPrompt } from './held-prompt.ts';
import type { LanguageModel } from './language-model.ts';
import type { LanguageText } from './language-text.ts';

export interface LanguageStage {
  readonly stage: Stage;
  readonly step: LanguageModelStep;
  readonly context: StageContext;
  /** The id of a phase's row. */
  readonly row: (phase: LanguagePhase) => string;
  /** What the last run read; null where nothing of it is to be reused. */
  readonly prompts: Kept<HeldPrompt> | null;
}

/** One run of a language stage. */
export interface Generation extends LanguageStage {
  readonly text: LanguageText;
  readonly language: LoadedLanguage;
  readonly pass: Pass;
}

export interface LoadedModel {
  readonly embed: HeldModel;
  readonly decoder: HeldModel;
  /** What reads prompts: the decoder, where it has no other for that. */
  readonly prefill: HeldModel;
  readonly model: LanguageModel;
}

export interface LoadedLanguage extends LoadedModel {
  /** The model that guesses ahead; null where none does. */
  readonly draft: LoadedModel | null;
}

/** What the model carries now. */
export function stateFacts({
  state: { keyValueBytes, recurrentBytes },
}: LanguageModel): Pick<SpanFacts, 'keyValueBytes' | 'recurrentBytes'> {
  return { keyValueBytes, recurrentBytes };
}
