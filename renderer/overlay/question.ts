/** A question that a person has to answer before work goes on, as a value. */

export interface Answer<Id extends string = string> {
  readonly id: Id;
  readonly title: string;
  readonly weight: 'primary' | 'plain' | 'danger';
}

/** Cancel is always offered, and so is Escape. */
export interface Question<Id extends string = string> {
  readonly title: string;
  /** What happened, and what each answer leads to. */
  readonly text: string;
  /** The first is what Enter does. */
  readonly answers: readonly Answer<Id>[];
}
