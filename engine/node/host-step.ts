/** Work that the host does itself; everything it needs is in the step. */
import type { ClipSource, ImageSource, WeightsChoice } from '../contract/sources.ts';
import type { BoundaryPart, DraftPart, EarlyExitPart } from './part.ts';
import type { LanguageGraphs } from './decoder-protocol.ts';
import type { Grid } from './wire.ts';

export interface PreprocessRecipe {
  /** Pads to a square with the mean colour, cut down (not rounded) to whole grey levels, before anything else. */
  readonly padToSquare: boolean;
  /** The length of the shortest edge, which keeps the proportions, or both sides, which squashes; bicubic. */
  readonly resizeTo: number | { readonly height: number; readonly width: number };
  /** Centre crop after the resize, padded with black where the picture is smaller; null leaves it out. */
  readonly crop: { readonly height: number; readonly width: number } | null;
  readonly mean: readonly [number, number, number];
  readonly deviation: readonly [number, number, number];
}

/** The whole squashed to a square first, then the tiles of the best grid, padded with black, row by row. */
export interface TileRecipe {
  /** Rows and columns of tiles; the first is taken of those that are equally good. */
  readonly grids: readonly Grid[];
  /** Of a tile, and of the whole. */
  readonly side: number;
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

/** How tokens are written: one at a time, or guessed ahead and then verified. */
export type Decoding = { readonly kind: 'plain' } | DraftPart | EarlyExitPart;

export interface LanguageModelStep {
  readonly kind: 'generate';
  readonly graphs: LanguageGraphs;
  /** By ascending layer; one segment of layers more than there are of these. */
  readonly boundaries: readonly BoundaryPart[];
  readonly decoding: Decoding;
  /** `<image>` marks the visual tokens, `{prompt}` the question; null uses the checkpoint's chat template. */
  readonly template: string | null;
  /** Where tokenizer and chat template come from. */
  readonly text: WeightsChoice;
  readonly sampling: Sampling;
}

export interface TokeniseStep {
  readonly kind: 'tokenise';
  /** The tokenizer's folder; random stands for one that only counts alike. */
  readonly tokenizer: WeightsChoice;
  readonly maxTokens: number;
  readonly specialTokens: boolean;
  /** Token ids that are known to what reads them; null where nothing says. */
  readonly vocabularySize: number | null;
}

export type HostStep =
  | { readonly kind: 'load-image'; readonly source: ImageSource }
  /** So many frames, evenly over the clip. */
  | { readonly kind: 'load-clip'; readonly source: ClipSource; readonly frames: number }
  | { readonly kind: 'give-text'; readonly text: string }
  | { readonly kind: 'preprocess'; readonly recipe: PreprocessRecipe }
  | { readonly kind: 'tile'; readonly recipe: TileRecipe }
  | TokeniseStep
  | LanguageModelStep
  | { readonly kind: 'show-answer' };

export type HostStepKind = HostStep['kind'];
