/**
 * Logits as they count for the next token: a bias on given tokens, and penalties on those that were there before.
 *
 * The order is that of transformers 4.57 (`_get_logits_processor` of generation/utils.py): bias, then repetition; what it
 * does not have, frequency and presence, follows as in vLLM (`apply_penalties`). Temperature, top-k, top-p and min-p come
 * behind all of these, and only where a token is drawn.
 */
import type { Sampling } from '#engine/node/host-step.ts';

/** What the logits of an answer depend on besides the model. */
export interface AnswerContext {
  /** Added to the logit of a token; −∞ bans it. */
  readonly bias: ReadonlyMap<number, number>;
  /** Tokens of the prompt, with the one that stands for visual tokens where the tokenizer has it. */
  readonly promptIds: readonly number[];
}

export const noContext: AnswerContext = { bias: new Map(), promptIds: [] };

type Penalties = Pick<Sampling, 'repetitionPenalty' | 'presencePenalty' | 'frequencyPenalty'>;

export class AdjustedLogits {
  readonly #penalties: Penalties;
  readonly #bias: AnswerContext['bias'];
  /** How often each token is in the answer; 0 for those that only the prompt has. */
  readonly #counts: Map<number, number>;
  readonly #isActive: boolean;

  constructor(penalties: Penalties, { bias, promptIds }: AnswerContext) {
    const { repetitionPenalty, presencePenalty, frequencyPenalty } = penalties;
    this.#penalties = penalties;
    this.#bias = bias;
    this.#counts = new Map(promptIds.map((id) => [id, 0]));
    const isPenal = repetitionPenalty !== 1 || presencePenalty !== 0 || frequencyPenalty !== 0;
    this.#isActive = isPenal || bias.size > 0;
  }

  /** The answer has one more token. */
  write(id: number): void {
    this.#counts.set(id, (this.#counts.get(id) ?? 0) + 1);
  }

  /** Logits [V] behind the answer so far and some guesses → logits [V]; the given ones are left as they are. */
  adjust(logits: Float32Array, guesses: readonly number[]): Float32Array {
    if (!this.#isActive) return logits;
    const adjusted = logits.slice();
    for (const [id, bias] of this.#bias) if (id < adjusted.length) adjusted[id]! += bias;
    const guessed = new Map<number, number>();
    for (const id of guesses) guessed.set(id, (guessed.get(id) ?? 0) + 1);
    for (const [id, count] of this.#counts)
      this.#penalise(adjusted, id, count + (guessed.get(id) ?? 0));
    for (const [id, count] of guessed)
      if (!this.#counts.has(id)) this.#penalise(adjusted, id, count);
    return adjusted;
  }

  /**
   * Repetition as in CTRL (arXiv 1909.05858) and transformers' `RepetitionPenaltyLogitsProcessor`, which looks at prompt
   * and answer, once at each token; presence and frequency as in OpenAI's API, which looks at the answer only.
   */
  #penalise(logits: Float32Array, id: number, count: number): void {
    if (id >= logits.length) return;
    const { repetitionPenalty, presencePenalty, frequencyPenalty } = this.#penalties;
    const logit = logits[id]!;
    const repeated = logit < 0 ? logit * repetitionPenalty : logit / repetitionPenalty;
    logits[id] = repeated - frequencyPenalty * count - (count > 0 ? presencePenalty : 0);
  }
}
