/** Components that plug into a socket of another node and take part in building its graph. */
import type { GraphBuilder } from '../onnx/graph-builder.ts';
import type { FeedForwardShape } from '../onnx/blocks/feed-forward.ts';
import type { Value } from '../onnx/value.ts';

export interface FeedForwardPart {
  readonly kind: 'feed-forward';
  /** Does this part replace the dense feed-forward of a layer? */
  readonly replaces: (layer: number, layerCount: number) => boolean;
  /** Part of the tokens that each expert sees, on average. */
  readonly expertShare: number;
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

export interface AccelerationPart {
  readonly kind: 'acceleration';
  /** Visual tokens are dropped before this layer, counted from 0. */
  readonly layer: number;
  /** How many of `count` visual tokens stay. */
  readonly keptTokens: (count: number) => number;
  /**
   * Picks the visual tokens that stay: ascending positions [keptVisual] (int64) within the visual run.
   * `scores` [visual] is the attention that the last prompt token pays each of them in the layer before.
   */
  readonly select: (g: GraphBuilder, scores: Value, keptCount: Value) => Value;
}

export type Part = FeedForwardPart | AccelerationPart;
export type PartKind = Part['kind'];
