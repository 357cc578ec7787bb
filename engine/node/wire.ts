/** What flows along a wire: its kind, its shape, and the tensors that carry it between stages. */
import type { DataType, Dim } from '../onnx/value.ts';
import type { LayerChoice } from './layer-choice.ts';

/** Every kind of wire, in the order in which a legend lists them. */
export const wireKinds = {
  image: { title: 'Image', part: false },
  pixels: { title: 'Pixels', part: false },
  tokens: { title: 'Visual tokens', part: false },
  'query-key': { title: 'Queries and keys', part: false },
  text: { title: 'Text', part: false },
  'token-ids': { title: 'Token ids', part: false },
  'text-embeddings': { title: 'Text embeddings', part: false },
  answer: { title: 'Answer', part: false },
  'feed-forward': { title: 'Feed-forward part', part: true },
  acceleration: { title: 'Acceleration part', part: true },
  'encoder-part': { title: 'Encoder part', part: true },
  'weight-change': { title: 'Weight change', part: true },
} as const;

export type WireKind = keyof typeof wireKinds;

/** How many tokens: known beforehand, or decided by the data and then only estimated. */
export interface TokenCount {
  readonly known: boolean;
  /** The count itself where known, else the expected one. */
  readonly tokens: number;
  /** The largest count that can occur. */
  readonly most: number;
}

export interface Grid {
  readonly rows: number;
  readonly columns: number;
}

export type Media = 'image' | 'video';

/** How many views: tiles, slices, frames or pictures that go through the encoder each by itself. */
export interface ViewCount {
  readonly known: boolean;
  /** The count itself where known, else the expected one. */
  readonly views: number;
  /** The largest count that can occur. */
  readonly most: number;
  /** Pictures or clips that they are views of; absent where each view is one by itself. */
  readonly items?: number;
  /** The most items there can be, where only a run can tell how many; absent where `items` is known. */
  readonly mostItems?: number;
  /** The most views that one of these has; absent where all have the same number. */
  readonly mostOfOne?: number;
  /** Absent for pictures. */
  readonly media?: Media;
}

/** How many frames a clip gives; null for pictures. */
export const framesOf = ({ pictures }: WireOf<'image'>): number | null =>
  pictures?.media === 'video' ? pictures.views : null;

/** "8 frames" */
export const framesText = (frames: number): string =>
  frames === 1 ? '1 frame' : `${frames} frames`;

export const oneView: ViewCount = { known: true, views: 1, most: 1 };

/** The pictures or clips that views are of; each becomes one run of visual tokens in a prompt. */
export const itemsOf = ({ items, views }: ViewCount = oneView): number => items ?? views;

/** How many views a wire brings, expected where that is not known. */
export const viewsIn = ({ views = oneView }: { readonly views?: ViewCount }): number => views.views;

/** One view for each picture or clip, where those that there were have become one; nothing where there is one. */
export function oneViewEach({ views }: { readonly views?: ViewCount }): {
  readonly views?: ViewCount;
} {
  if (!views) return {};
  const items = itemsOf(views);
  const { mostItems } = views;
  const known = mostItems === undefined;
  return { views: { ...views, known, views: items, most: mostItems ?? items, items } };
}

/** The views of a wire, for one whose views are the same; nothing where there is one. */
export const sameViews = ({
  views,
}: {
  readonly views?: ViewCount;
}): { readonly views?: ViewCount } => (views ? { views } : {});

export type WireType =
  /** Size in pixels, null until a picture is chosen. `pictures` is absent where there is one. */
  | {
      readonly kind: 'image';
      readonly width: number | null;
      readonly height: number | null;
      readonly pictures?: ViewCount;
    }
  /** [views, 3, height, width], normalised. `views` is absent where there is one. */
  | {
      readonly kind: 'pixels';
      readonly height: number;
      readonly width: number;
      readonly views?: ViewCount;
    }
  /**
   * [views, count, channels]; `prefixTokens` (class, registers) come before the grid's tokens.
   * Count and grid are those of one view; `views` is absent where there is one.
   */
  | {
      readonly kind: 'tokens';
      readonly views?: ViewCount;
      readonly count: TokenCount;
      readonly channels: number;
      readonly prefixTokens: number;
      /** Null where the tokens no longer lie on a grid. */
      readonly grid: Grid | null;
    }
  /**
   * Queries and keys of one attention layer over all its heads, each [views, count, channels]. `known` is false where the
   * picture decides the count, which is then the expected one.
   */
  | {
      readonly kind: 'query-key';
      readonly count: number;
      readonly known?: false;
      readonly channels: number;
      readonly views?: ViewCount;
    }
  | { readonly kind: 'text' }
  /** [1, count] int64 */
  | { readonly kind: 'token-ids'; readonly count: TokenCount }
  /** [1, count, channels] */
  | { readonly kind: 'text-embeddings'; readonly count: TokenCount; readonly channels: number }
  | { readonly kind: 'answer' }
  | { readonly kind: 'feed-forward'; readonly layers: LayerChoice }
  | { readonly kind: 'acceleration'; readonly acts: ActsAt }
  | { readonly kind: 'encoder-part'; readonly acts: EncoderActsAt }
  | { readonly kind: 'weight-change' };

/** Where a part interferes with the model that it plugs into, so that what excludes each other is refused. */
export type ActsAt =
  /** Prunes visual tokens before a layer, counted from 0. */
  | {
      readonly at: 'between-blocks';
      readonly layer: number;
      readonly leaves: 'some' | 'none';
      readonly pruned: 'dropped' | 'masked';
    }
  /** Guesses tokens ahead for the model to verify; `hiddenSize` is that of the visual tokens it would read. */
  | {
      readonly at: 'draft';
      readonly reads: 'words' | 'words-and-picture';
      readonly vocabularySize: number;
      readonly hiddenSize: number;
    }
  /** Lets easy tokens leave before the last layer. */
  | { readonly at: 'exit'; readonly layer: number };

/** One number for all blocks, or one a block; none in those behind the list. */
export type FewerTokens = number | readonly number[];

export const fewerIn = (fewer: FewerTokens, block: number): number =>
  typeof fewer === 'number' ? fewer : (fewer[block] ?? 0);

/** The same inside an encoder. */
export type EncoderActsAt =
  /** Takes up to so many tokens out in every block, or in each of those listed from the first on. */
  | {
      readonly at: 'inside-block';
      readonly fewer: FewerTokens;
      /** Does it add to the scores of keys in the blocks behind? */
      readonly weighsKeys: boolean;
    }
  /** Lets the picture decide how many tokens stay behind each block; of the patches, so large a share is expected. */
  | { readonly at: 'by-picture'; readonly keptShare: number }
  /** Lets the picture decide which patches reach the first block at all; so large a share is expected to. */
  | { readonly at: 'patches'; readonly keptShare: number }
  /** Takes the place of attention. */
  | {
      readonly at: 'attention';
      readonly layers: LayerChoice;
      /** Null where any number of tokens can attend. */
      readonly mostTokens: number | null;
      /** Do scores of single keys remain, that something could be added to? */
      readonly scoresKeys: boolean;
    };

export type WireOf<Kind extends WireKind> = Extract<WireType, { kind: Kind }>;

export function knownCount(tokens: number): TokenCount {
  return { known: true, tokens, most: tokens };
}

export function estimatedCount(tokens: number, most: number): TokenCount {
  return { known: false, tokens, most };
}

/** Tokens of all views together. */
export function tokensInAll({ count, views = oneView }: WireOf<'tokens'>): TokenCount {
  return {
    known: count.known && views.known,
    tokens: count.tokens * views.views,
    most: count.most * views.most,
  };
}

export interface PortTensor {
  readonly name: string;
  readonly type: DataType;
  readonly shape: readonly Dim[];
}

export const viewsSymbol = 'views';

/** The size of a graph's leading dimension: 1, or a symbol, so that one graph serves any number of views. */
const viewsDim = ({ known, views }: ViewCount = oneView): Dim =>
  known && views === 1 ? 1 : viewsSymbol;

const countDim = (port: string, { known, tokens }: TokenCount): Dim =>
  known ? tokens : `${port}Count`;

/** The tensors that carry a wire, named after the port; a count set by the data is a symbol. */
export function portTensors(port: string, wire: WireType): readonly PortTensor[] {
  switch (wire.kind) {
    case 'pixels': {
      const shape = [viewsDim(wire.views), 3, wire.height, wire.width];
      return [{ name: port, type: 'float32', shape }];
    }
    case 'tokens': {
      const shape = [viewsDim(wire.views), countDim(port, wire.count), wire.channels];
      return [{ name: port, type: 'float32', shape }];
    }
    case 'token-ids':
      return [{ name: port, type: 'int64', shape: [1, countDim(port, wire.count)] }];
    case 'text-embeddings': {
      const shape = [1, countDim(port, wire.count), wire.channels];
      return [{ name: port, type: 'float32', shape }];
    }
    case 'query-key': {
      const { known, count, channels } = wire;
      const shape = [viewsDim(wire.views), known === false ? `${port}Count` : count, channels];
      return [
        { name: `${port}.query`, type: 'float32', shape },
        { name: `${port}.key`, type: 'float32', shape },
      ];
    }
    case 'image':
    case 'text':
    case 'answer':
    case 'feed-forward':
    case 'acceleration':
    case 'encoder-part':
    case 'weight-change':
      return [];
  }
}

/** "576", "≈ 40" where it is not known before a run. */
export const countText = ({ known, tokens }: TokenCount): string => `${known ? '' : '≈ '}${tokens}`;

/** "5" with `unit` behind it, nothing for one view. */
export function viewsText(count: ViewCount = oneView, unit = ' views of '): string {
  if (count.known && count.views === 1) return '';
  return `${count.known ? '' : '≈ '}${count.views}${unit}`;
}

/** "576 visual tokens × 1024 channels, 24 × 24 grid" */
export function describeWire(wire: WireType): string {
  switch (wire.kind) {
    case 'image': {
      const frames = framesOf(wire);
      const images = viewsText(wire.pictures, ' images') || 'image';
      const what = frames === null ? images : `clip of ${framesText(frames)}`;
      return wire.width === null ? what : `${what}, ${wire.width} × ${wire.height} pixels`;
    }
    case 'pixels':
      return `${viewsText(wire.views)}pixels, 3 × ${wire.height} × ${wire.width}`;
    case 'tokens': {
      const grid = wire.grid ? `, ${wire.grid.rows} × ${wire.grid.columns} grid` : '';
      const count = countText(wire.count);
      return `${viewsText(wire.views)}${count} visual tokens × ${wire.channels} channels${grid}`;
    }
    case 'query-key':
      return `${viewsText(wire.views)}queries and keys, ${wire.count} × ${wire.channels} each`;
    case 'token-ids':
      return `${countText(wire.count)} token ids`;
    case 'text-embeddings':
      return `${countText(wire.count)} text embeddings × ${wire.channels} channels`;
    case 'text':
    case 'answer':
    case 'feed-forward':
    case 'acceleration':
    case 'encoder-part':
    case 'weight-change':
      return wireKinds[wire.kind].title.toLowerCase();
  }
}
