/** Work that the host does itself; everything it needs is in the step. */
import type { ClipSource, ImageSource, WeightsChoice } from '../contract/sources.ts';
import type { BoundaryPart, DraftPart, EarlyExitPart } from './part.ts';
import type { LanguageGraphs } from './decoder-protocol.ts';
import type { PictureLayout } from './picture-layout.ts';
import type { Grid } from './wire.ts';

/** By the names that Pillow gives its kernels. */
export type ResizeFilter = 'bilinear' | 'bicubic' | 'lanczos';

export interface PixelRecipe {
  readonly filter: ResizeFilter;
  readonly mean: readonly [number, number, number];
  readonly deviation: readonly [number, number, number];
}

/** The longest edge becomes `longestEdge`, the other at least `shortest`; the mean colour fills the square around it. */
export interface FitInSquare {
  readonly longestEdge: number;
  readonly shortest: number;
}

/** To which size a model of any resolution brings a picture; sides are multiples of `patch`. */
export type SizeRule = { readonly patch: number } & (
  PixelBudget | LongestEdge | BothEdges | PatchBudget | SameArea
);

/** As many pixels as the picture has, but no fewer and no more than these. */
export interface PixelBudget {
  readonly rule: 'pixels';
  readonly leastPixels: number;
  readonly mostPixels: number;
}

/** The picture's own size, unless its longest edge is longer than this. */
export interface LongestEdge {
  readonly rule: 'longest-edge';
  readonly longestEdge: number;
}

/** The picture's own size, unless an edge is longer than the one or shorter than the other; the shorter wins. */
export interface BothEdges {
  readonly rule: 'edges';
  readonly longestEdge: number;
  readonly shortestEdge: number;
}

/** As many patches as there may be, whatever size the picture has. */
export interface PatchBudget {
  readonly rule: 'patches';
  readonly mostPatches: number;
}

/** About as many pixels as a square of this side has, whatever size the picture has. */
export interface SameArea {
  readonly rule: 'area';
  readonly areaSide: number;
  readonly rounding: PatchRounding;
}

/** How a side becomes a multiple: of whole parts that it holds, or of the nearest number of them, halves to the even. */
export type PatchRounding = 'down' | 'nearest';

export interface PreprocessRecipe extends PixelRecipe {
  /** Pads to a square with the mean colour, cut down (not rounded) to whole grey levels, before anything else. */
  readonly padToSquare: boolean;
  /** The length of the shortest edge, which keeps the proportions, both sides, which squashes, or a square around it. */
  readonly resizeTo: number | { readonly height: number; readonly width: number } | FitInSquare;
  /** Centre crop after the resize, padded with black where the picture is smaller; null leaves it out. */
  readonly crop: { readonly height: number; readonly width: number } | null;
  /** By which both sides follow from those of a picture; one that would get others is refused. */
  readonly sizeRule?: SizeRule;
}

export interface TilePixels extends PixelRecipe {
  /** Of a tile, and of the whole. */
  readonly side: number;
}

/** How a picture becomes tiles of one side, beside the whole squashed to that side. */
export type TileRecipe =
  | (TilePixels & (FittedTiles | StretchedTiles | SplitTiles | PannedCrops))
  | (PixelRecipe & PictureSlices);

/** The whole first, then the tiles of the best grid, padded with black, row by row. */
export interface FittedTiles {
  readonly scheme: 'fit';
  /** Rows and columns of tiles; the first is taken of those that are equally good. */
  readonly grids: readonly Grid[];
}

/** Squashed to the grid of the nearest proportions and cut; then the whole, where there are several tiles. */
export interface StretchedTiles {
  readonly scheme: 'stretch';
  /** By ascending number of tiles. */
  readonly grids: readonly Grid[];
}

/** The longest edge first, then both sides up to whole tiles; after these the whole of what was cut. */
export interface SplitTiles {
  readonly scheme: 'split';
  readonly longestEdge: number;
  /** Else only the whole is given. */
  readonly splits: boolean;
}

/** The whole first, then crops along the longer side of a picture that is long enough, each squashed. */
export interface PannedCrops {
  readonly scheme: 'pan';
  readonly mostCrops: number;
  /** Pixels of the picture itself along a side of a crop. */
  readonly leastCrop: number;
  /** The longer side over the shorter one. */
  readonly leastRatio: number;
}

/** Squashed to a grid of slices that are no squares, and cut row by row; the whole is no view of theirs. */
export interface PictureSlices {
  readonly scheme: 'slice';
  /** By which grid and size of a slice follow from a picture; one that would get others is refused. */
  readonly rule: SliceRule;
  readonly grid: Grid;
  readonly slice: { readonly height: number; readonly width: number };
}

export interface SliceRule {
  readonly mostSlices: number;
  /** A slice has about as many pixels as a square of this side. */
  readonly areaSide: number;
  /** Sides of slices are multiples of this. */
  readonly patch: number;
  readonly rounding: PatchRounding;
}

export interface Sampling {
  readonly strategy: 'greedy' | 'sample';
  readonly temperature: number;
  /** 0 keeps the whole vocabulary. */
  readonly topK: number;
  /** 1 keeps the whole distribution. */
  readonly topP: number;
  /** Of the best token's probability; 0 keeps the whole distribution. */
  readonly minP: number;
  /** Logits of tokens in prompt or answer are divided by it, negative ones multiplied; 1 leaves them. */
  readonly repetitionPenalty: number;
  /** Off the logit of every token of the answer, once, and once for each time it was written. */
  readonly presencePenalty: number;
  readonly frequencyPenalty: number;
  readonly bias: readonly TextBias[];
  /** The answer ends before the first of these. */
  readonly stops: readonly string[];
  /** Answers to the one prompt, each drawn by random numbers of its own. */
  readonly answerCount: number;
  readonly seed: number;
  readonly maxNewTokens: number;
  readonly stopAtEndOfText: boolean;
}

/** Added to the logits of each token of a text; -100 or less bans them. */
export interface TextBias {
  readonly text: string;
  readonly bias: number;
}

/** Answers that are given, of which the likeliest is chosen and none written. */
export interface Choices {
  readonly answers: readonly string[];
  readonly ranksBy: 'sum' | 'mean';
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
  readonly pictureLayout: PictureLayout;
  /** Where tokenizer and chat template come from. */
  readonly text: WeightsChoice;
  readonly sampling: Sampling;
  /** In place of an answer that is written; null writes one. */
  readonly choices: Choices | null;
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

/** Reads the text in a picture, says it behind the question, and cuts out the regions that matter. */
export interface ReadTextStep {
  readonly kind: 'read-text';
  /** As Tesseract names it: eng, deu, chi_sim. */
  readonly language: string;
  readonly lies: 'scattered' | 'page';
  /** How many times as long the sides are on which letters are read. */
  readonly enlarge: number;
  /** From 0 to 100; words of which the reader is less sure are left out. */
  readonly leastConfidence: number;
  readonly regions: 'line' | 'block';
  /** Said in words; those that are cut out always are. */
  readonly mostSaid: number;
  readonly mostCrops: number;
  /** Around a region, as a share of its shorter side. */
  readonly margin: number;
  /** Does the text say <image> where picture and crops go? */
  readonly marksPictures: boolean;
}

export type HostStep =
  | { readonly kind: 'load-image'; readonly source: ImageSource }
  /** So many frames, evenly over the clip. */
  | { readonly kind: 'load-clip'; readonly source: ClipSource; readonly frames: number }
  | { readonly kind: 'give-text'; readonly text: string }
  | { readonly kind: 'preprocess'; readonly recipe: PreprocessRecipe }
  | { readonly kind: 'tile'; readonly recipe: TileRecipe }
  | TokeniseStep
  | ReadTextStep
  | LanguageModelStep
  | { readonly kind: 'show-answer' };

export type HostStepKind = HostStep['kind'];
