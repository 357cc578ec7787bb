/** What is kept of the last run, for one that is to reuse what it read. */
import type { HeldPrompt } from '../language/held-prompt.ts';
import type { TensorMap } from '../sessions/sessions.ts';
import { Kept } from '../stages/kept.ts';

export class LastRun {
  /** What graphs gave, by what they were given. */
  readonly outputs = new Kept<TensorMap>();
  /** What language models read, by their stage. */
  readonly prompts = new Kept<HeldPrompt>();

  /** Lets go what other models made. */
  keepOnly(models: ReadonlySet<string>): void {
    for (const kept of [this.outputs, this.prompts]) kept.keepOnly(models);
  }

  /** A run has ended; one that failed or was cancelled leaves nothing. */
  settle(isWhole: boolean): void {
    for (const kept of [this.outputs, this.prompts]) kept.settle(isWhole);
  }
}
