/** What layers of a decoder see of the tokens before, beside their keys and values: all of them, or a window. */
import {
  cacheMask,
  futureMask,
  totalTokens,
  windowMask,
  type CachedTokens,
} from '#engine/onnx/blocks/cached-tokens.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { Value } from '#engine/onnx/value.ts';
import { segmentSymbols } from '#engine/node/decoder-protocol.ts';
import type { DecoderArchitecture } from './architecture/decoder-architecture.ts';

/** What layers that see equally far share. */
export type Sight = Omit<CachedTokens, 'key' | 'value'>;

/** What tells it, of layers of one segment. */
interface SightInputs {
  readonly segment: number;
  /** Keys of one of the layers, [1, kvHeads, capacity, d]. */
  readonly key: Value;
  /** [] int64: tokens that they hold. */
  readonly length: Value;
  /** [1, T] int64 */
  readonly positions: Value;
  /** [] bool */
  readonly fused: Value;
  readonly together: Value | null;
}

export function wholeSight(g: GraphBuilder, inputs: SightInputs): Sight {
  const { segment, key, length, positions, fused, together } = inputs;
  const { attended, pairs } = segmentSymbols(segment);
  return {
    fused,
    window: null,
    future: futureMask(g, positions, fused, { window: null, together }),
    mask: cacheMask(g, key, length),
    ...totalTokens(g, length, positions),
    attended,
    pairs,
  };
}

export function windowSight(
  g: GraphBuilder,
  inputs: SightInputs,
  window: number,
  { headCount, keyValueHeadCount }: Pick<DecoderArchitecture, 'headCount' | 'keyValueHeadCount'>,
): Sight {
  const { segment, key, length, positions, fused, together } = inputs;
  const symbols = segmentSymbols(segment);
  const reach = { size: window, group: headCount / keyValueHeadCount };
  return {
    fused,
    window,
    future: futureMask(g, positions, fused, { window, together }),
    mask: windowMask(g, key, length, positions, fused, reach),
    ...totalTokens(g, length, positions),
    attended: symbols.windowAttended,
    pairs: symbols.windowPairs,
  };
}
