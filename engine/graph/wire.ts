/** What flows along a wire: its kind, its shape, and the tensors that carry it between stages. */
import type { DataType, Dim } from '../onnx/value.ts';

/** Every kind of wire, in the order in which a legend lists them. */
export const wireKinds = {
  image: { title: 'Image', part: false },
  pixels: { title: 'Pixels', part: false },
  tokens: { title: 'Visual tokens', part: false },
  'query-key': { title: 'Queries and keys', part: false },
  text: { title: 'Text', part: false },
  answer: { title: 'Answer', part: false },
  'feed-forward': { title: 'Feed-forward part', part: true },
  acceleration: { title: 'Acceleration part', part: true },
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

export type WireType =
  /** Size in pixels, null until a picture is chosen. */
  | { readonly kind: 'image'; readonly width: number | null; readonly height: number | null }
  /** [1, 3, height, width], normalised. */
  | { readonly kind: 'pixels'; readonly height: number; readonly width: number }
  /** [1, count, channels]; `prefixTokens` (class, registers) come before the grid's tokens. */
  | {
      readonly kind: 'tokens';
      readonly count: TokenCount;
      readonly channels: number;
      readonly prefixTokens: number;
      /** Null where the tokens no longer lie on a grid. */
      readonly grid: Grid | null;
    }
  /** Queries and keys of one attention layer over all its heads, each [1, count, channels]. */
  | { readonly kind: 'query-key'; readonly count: number; readonly channels: number }
  | { readonly kind: 'text' }
  | { readonly kind: 'answer' }
  | { readonly kind: 'feed-forward' }
  | { readonly kind: 'acceleration' };

export type WireOf<Kind extends WireKind> = Extract<WireType, { kind: Kind }>;

export function knownCount(tokens: number): TokenCount {
  return { known: true, tokens, most: tokens };
}

export function estimatedCount(tokens: number, most: number): TokenCount {
  return { known: false, tokens, most };
}

export interface PortTensor {
  readonly name: string;
  readonly type: DataType;
  readonly shape: readonly Dim[];
}

/** The tensors that carry a wire, named after the port; a count set by the data is a symbol. */
export function portTensors(port: string, wire: WireType): readonly PortTensor[] {
  switch (wire.kind) {
    case 'pixels':
      return [{ name: port, type: 'float32', shape: [1, 3, wire.height, wire.width] }];
    case 'tokens': {
      const count = wire.count.known ? wire.count.tokens : `${port}Count`;
      return [{ name: port, type: 'float32', shape: [1, count, wire.channels] }];
    }
    case 'query-key': {
      const shape = [1, wire.count, wire.channels];
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
      return [];
  }
}

/** "576 visual tokens × 1024 channels, 24 × 24 grid" */
export function describeWire(wire: WireType): string {
  switch (wire.kind) {
    case 'image':
      return wire.width === null ? 'image' : `image, ${wire.width} × ${wire.height} pixels`;
    case 'pixels':
      return `pixels, 3 × ${wire.height} × ${wire.width}`;
    case 'tokens': {
      const about = wire.count.known ? '' : '≈ ';
      const grid = wire.grid ? `, ${wire.grid.rows} × ${wire.grid.columns} grid` : '';
      return `${about}${wire.count.tokens} visual tokens × ${wire.channels} channels${grid}`;
    }
    case 'query-key':
      return `queries and keys, ${wire.count} × ${wire.channels} each`;
    case 'text':
    case 'answer':
    case 'feed-forward':
    case 'acceleration':
      return wireKinds[wire.kind].title.toLowerCase();
  }
}
