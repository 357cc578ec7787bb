/** Closing with unsaved work: asked once, and never in the way of a page that has nothing to lose. */

/** `keep` closes: the page keeps its work as a draft that comes back with the next start. */
export type ClosingAnswer = 'save' | 'keep' | 'stay';

/** In the order of the dialog's buttons. */
export const closingAnswers: readonly ClosingAnswer[] = ['save', 'keep', 'stay'];
export const closingButtons = ['Save and close', 'Close, keep as draft', 'Cancel'];

export interface ClosingActions {
  /** Puts the question; resolves with the answer. */
  readonly ask: (title: string) => Promise<ClosingAnswer>;
  /** Has the page save; it tells its new state through the title. */
  readonly save: () => void;
  readonly close: () => void;
}

export class Closing {
  readonly #actions: ClosingActions;
  #title = '';
  #hasUnsavedWork = false;
  #state: 'open' | 'asking' | 'saving' | 'closing' = 'open';

  constructor(actions: ClosingActions) {
    this.#actions = actions;
  }

  setTitle(title: string, hasUnsavedWork: boolean): void {
    this.#title = title;
    this.#hasUnsavedWork = hasUnsavedWork;
    if (this.#state !== 'saving') return;
    if (hasUnsavedWork) this.saveAbandoned();
    else this.#close();
  }

  /** The page is gone, and what it had not saved lies in its draft. */
  lostPage(): void {
    this.#hasUnsavedWork = false;
  }

  /** The person left a dialog without an answer, or the page says that there is unsaved work still. */
  saveAbandoned(): void {
    if (this.#state === 'saving') this.#state = 'open';
  }

  /** May the window close now? If not, the question is on its way. */
  mayClose(): boolean {
    if (!this.#hasUnsavedWork || this.#state === 'closing') return true;
    if (this.#state !== 'asking') void this.#ask();
    return false;
  }

  async #ask(): Promise<void> {
    this.#state = 'asking';
    const answer = await this.#actions.ask(this.#title);
    if (answer === 'stay') this.#state = 'open';
    else if (answer === 'keep' || !this.#hasUnsavedWork) this.#close();
    else {
      this.#state = 'saving';
      this.#actions.save();
    }
  }

  #close(): void {
    this.#state = 'closing';
    this.#actions.close();
  }
}
