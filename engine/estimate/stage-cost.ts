/** What one stage costs, estimated. */

export interface StageCost {
  readonly parameters: number;
  /** One run; for a language model, prefill and all decode steps together. */
  readonly flops: number;
  readonly weightBytes: number;
  readonly activationBytes: number;
  /** What is carried from token to token: keys and values, and what recurrent layers remember. */
  readonly keyValueBytes: number;
  readonly recurrentBytes: number;
  /** Weights as the runtime holds them, state and activations together. */
  readonly peakBytes: number;
  /** Only for a language model. */
  readonly language?: LanguageEstimate;
}

export interface LanguageEstimate {
  readonly promptTokens: number;
  readonly visualTokens: number;
  /** After pruning inside the model; equal to `visualTokens` without. */
  readonly keptVisualTokens: number;
  readonly newTokens: number;
  /** Those that a new token does not go through: of experts that it is not sent to. */
  readonly idleParameters: number;
  readonly prefillFlops: number;
  readonly decodeFlopsPerToken: number;
}
