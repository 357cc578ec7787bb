/** Components that plug into a socket of another node and take part in building its graph, or in running it. */
import type { GraphBuilder } from '../onnx/graph-builder.ts';
import type { FeedForwardShape } from '../onnx/blocks/feed-forward.ts';
import type { Dim, Value } from '../onnx/value.ts';
import type { SeenInLayer } from '../onnx/blocks/vision-transformer.ts';
import type { QueryKeyValue } from '../onnx/blocks/attention-projections.ts';
import type { NamedTensor, WeightExpression } from '../onnx/weight.ts';
import type { LanguageGraphs } from './decoder-protocol.ts';
import type { WeightParams } from './weight-params.ts';
import type { LayerChoice } from './layer-choice.ts';

/** Acts inside a block: takes the place of its feed-forward. */
export interface FeedForwardPart {
  readonly kind: 'feed-forward';
  /** Layers whose dense feed-forward it replaces. */
  readonly layers: LayerChoice;
  /** x [1, T, D] → [1, T, D]; `name` is the host layer's own name for its feed-forward. */
  readonly emit: (g: GraphBuilder, x: Value, host: FeedForwardHost) => Value;
}

export interface FeedForwardHost extends FeedForwardShape {
  /** The host layer's name for its feed-forward, e.g. `model.layers.3.mlp`. */
  readonly name: string;
  readonly gated: boolean;
  /** The host layer's own dense feed-forward, with the host's weights. */
  readonly dense: (x: Value) => Value;
}

/** Acts between blocks: before a layer, some visual tokens are pruned for all that follow. */
export interface TokenReductionPart {
  readonly kind: 'token-reduction';
  /** The part's own id, by which what it keeps is told. */
  readonly node: string;
  /** Counted from 0. */
  readonly layer: number;
  /** Are those that are pruned missing from there on, or only seen by none, so that nothing gets shorter? */
  readonly pruned: 'dropped' | 'masked';
  /** How many of `count` visual tokens stay. */
  readonly keptTokens: (count: number) => number;
  /** Do those that stay keep their positions, or are all that follow numbered anew from there on? */
  readonly positions: 'kept' | 'renumbered';
  /** What the choice is made by: the attention that the last prompt token pays in the layer before, or nothing. */
  readonly ranksBy: 'attention' | 'nothing';
  /**
   * Picks the visual tokens that stay: places [size] (int64) among the visual ones, in any order, `count` [] int64
   * of them. `scores` [visual] is that attention; null where nothing is ranked.
   */
  readonly select: (
    g: GraphBuilder,
    scores: Value | null,
    kept: { readonly count: Value; readonly size: Dim },
  ) => Value;
}

/** Acts inside the blocks of an encoder, between attention and feed-forward, where tokens become fewer. */
export interface InsideBlockPart {
  readonly kind: 'inside-block';
  /** What it carries from block to block belongs to the pass. `tokens` [B, N, D] enter the first block. */
  readonly begin: (
    g: GraphBuilder,
    host: { readonly tokens: Value; readonly prefixTokens: number; readonly headCount: number },
  ) => InsideBlockPass;
}

/** Asked block by block, in their order. */
export interface InsideBlockPass {
  /** Added to the scores of each key in the coming block, [B, 1, 1, N]; null adds nothing. */
  readonly keyBias: () => Value | null;
  /** Tokens [B, N, D], and what the block's attention has made of them → fewer tokens; null leaves a block as it is. */
  readonly reduce: (block: number) => ((tokens: Value, seen: SeenInLayer) => Value) | null;
}

/** Acts on the patches of a picture, before any block of an encoder has seen them. */
export interface PatchFilterPart {
  readonly kind: 'patch-filter';
  /** pixels [1, 3, H, W] → [1, 1, rows, columns] float32: 1 for each patch that stays, 0 for the others; one stays at least. */
  readonly keep: (
    g: GraphBuilder,
    pixels: Value,
    /** Pixels along one side of a patch. */
    host: { readonly patchSize: number },
  ) => Value;
}

/** Acts on attention: takes the place of how queries, keys and values meet in a block of an encoder. */
export interface AttentionPart {
  readonly kind: 'attention';
  readonly layers: LayerChoice;
  /** [B, N, H · d] each → [B, N, H · d] */
  readonly emit: (
    g: GraphBuilder,
    projected: QueryKeyValue<Value>,
    /** `name` is the part's own name for the block, e.g. `layers.3`. */
    host: { readonly name: string; readonly headCount: number },
  ) => Value;
}

/** Acts on weights: what becomes of the tensors that a node names, before they are stored. */
export interface WeightsPart {
  readonly kind: 'weights';
  /** `weight` is the tensor as the parts before have left it; given back as it is where nothing changes. */
  readonly change: (
    g: GraphBuilder,
    weight: WeightExpression,
    of: ChangedTensor,
  ) => WeightExpression;
}

export interface ChangedTensor extends Pick<NamedTensor, 'name' | 'shape' | 'init'> {
  /** What the layouts of the node call it. */
  readonly publishedNames: readonly string[];
}

/** A language model of its own that guesses tokens ahead. */
export interface DraftPart {
  readonly kind: 'draft';
  readonly title: string;
  readonly graphs: LanguageGraphs;
  /** Facts of its row in a report. */
  readonly precision: WeightParams['precision'];
  readonly weights: WeightParams['weights']['kind'];
  /** Where its tokenizer comes from. */
  readonly text: WeightParams['weights'];
  /** Tokens guessed before each look of the model itself. */
  readonly draftLength: number;
  /** Does it read the words of the prompt only, or the visual tokens too? */
  readonly reads: 'words' | 'words-and-picture';
}

/** Lets a token leave before the last layer; what left early is verified by all of them. */
export interface EarlyExitPart {
  readonly kind: 'early-exit';
  /** The layer, counted from 0, before which a token leaves. */
  readonly layer: number;
  readonly draftLength: number;
}

/** Parts that act between two layers: those before and those behind hold other tokens. */
export type BoundaryPart = TokenReductionPart | EarlyExitPart;

export type Part =
  | FeedForwardPart
  | TokenReductionPart
  | InsideBlockPart
  | PatchFilterPart
  | AttentionPart
  | WeightsPart
  | DraftPart
  | EarlyExitPart;

export type PartKind = Part['kind'];

export type PartOf<Kind extends PartKind> = Extract<Part, { kind: Kind }>;

/** The parts of a kind, in the order of their wires. */
export function partsOfKind<Kind extends PartKind>(
  parts: readonly Part[],
  kind: Kind,
): readonly PartOf<Kind>[] {
  return parts.filter((part): part is PartOf<Kind> => part.kind === kind);
}
