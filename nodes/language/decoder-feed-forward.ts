/** The feed-forward of a decoder's layer: its own, or what is plugged in instead. */
import { choosesLayer } from '#engine/node/layer-choice.ts';
import type { FeedForwardPart } from '#engine/node/part.ts';
import { gatedFeedForward, plainFeedForward } from '#engine/onnx/blocks/feed-forward.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { Value } from '#engine/onnx/value.ts';
import type { DecoderArchitecture } from './architecture/decoder-architecture.ts';
import { layerNames } from './names/canonical.ts';

/** x [1, T, D] → [1, T, D] */
export function emitFeedForward(
  g: GraphBuilder,
  x: Value,
  architecture: DecoderArchitecture,
  layer: number,
  parts: readonly FeedForwardPart[],
): Value {
  const names = layerNames(architecture, layer);
  const shape = { ...architecture, bias: architecture.feedForwardBias };
  const dense = (input: Value) =>
    architecture.gated
      ? gatedFeedForward(g, input, names, shape)
      : plainFeedForward(g, input, names, shape);
  const part = parts.find(({ layers }) => choosesLayer(layers, layer, architecture.layerCount));
  if (!part) return g.scope('mlp', () => dense(x));
  const host = { ...shape, name: names.feedForward, gated: architecture.gated, dense };
  return g.scope('moe', () => part.emit(g, x, host));
}
