/** Work that the host does itself; everything it needs is in the step. */
import type { AccelerationPart } from '../graph/part.ts';
import type { ImageSource, WeightsChoice } from '../contract/sources.ts';
import type { StageModel } from '../onnx/model.ts';

export interface PreprocessRecipe {
  /** Pads to a square with the mean colour, cut down (not rounded) to whole grey levels, before anything else. */
  readonly padToSquare: boolean;
  /** `shortest-edge` keeps the proportions; `square` squashes; both bicubic. */
  readonly resize: 'shortest-edge' | 'square';
  readonly resizeTo: number;
  /** Centre crop after the resize, padded with black where the picture is smaller; null leaves it out. */
  readonly crop: { readonly height: number; readonly width: number } | null;
  readonly mean: readonly [number, number, number];
  readonly deviation: readonly [number, number, number];
}

export interface Sampling {
  readonly strategy: 'greedy' | 'sample';
  readonly temperature: number;
  /** 0 keeps the whole vocabulary. */
  readonly topK: number;
  /** 1 keeps the whole distribution. */
  readonly topP: number;
  readonly seed: number;
  readonly maxNewTokens: number;
  readonly stopAtEndOfText: boolean;
}

/** How one layer's keys and values are cached: [1, heads, capacity, size], twice. */
export interface KeyValueShape {
  readonly layerCount: number;
  readonly heads: number;
  /** Channels of a head. */
  readonly size: number;
}

export interface LanguageModelStep {
  readonly kind: 'generate';
  /** `ids` [1, T] int64 → `embeddings` [1, T, D]. */
  readonly embed: StageModel;
  /** See nodes/language/decoder-graph.ts for its inputs and outputs. */
  readonly decoder: StageModel;
  readonly keyValues: KeyValueShape;
  readonly hiddenSize: number;
  readonly vocabularySize: number;
  readonly contextLength: number;
  readonly acceleration: AccelerationPart | null;
  /** Part of the tokens that each expert of a feed-forward part sees, on average; 1 without experts. */
  readonly expertShare: number;
  /** `<image>` marks the visual tokens, `{prompt}` the question; null uses the checkpoint's chat template. */
  readonly template: string | null;
  /** Where tokenizer and chat template come from. */
  readonly text: WeightsChoice;
  readonly sampling: Sampling;
}

export type HostStep =
  | { readonly kind: 'load-image'; readonly source: ImageSource }
  | { readonly kind: 'give-text'; readonly text: string }
  | { readonly kind: 'preprocess'; readonly recipe: PreprocessRecipe }
  | LanguageModelStep
  | { readonly kind: 'show-answer' };

export type HostStepKind = HostStep['kind'];
