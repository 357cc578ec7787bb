/** Layers in which each patch first looks at the same patch of the other frames. */
import { selfAttention } from '#engine/onnx/blocks/attention.ts';
import { norm } from '#engine/onnx/blocks/norm.ts';
import type { TransformerLayer } from '#engine/onnx/blocks/vision-transformer.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { add } from '#engine/onnx/operators.ts';
import { slice, transpose } from '#engine/onnx/shape-operators.ts';
import type { Dim, Value } from '#engine/onnx/value.ts';
import { projNames, towerAttention } from '../tower/tower-attention.ts';
import { layerNormOf } from '../tower/transformer-tower.ts';
import { towerLayers } from '../tower/vision-tower.ts';
import type { VisionTransformerShape } from '../tower/vision-transformer-params.ts';

export interface TemporalShape extends VisionTransformerShape {
  /** Frames that there are positions for. */
  readonly frameCount: number;
}

/**
 * CLIP's layers, each behind attention over `frames` frames of one clip, which are the leading dimension. A single
 * frame has no position in time. Source: PKU-YuanGroup/Video-LLaVA, languagebind/video/modeling_video.py.
 */
export function temporalLayers(
  g: GraphBuilder,
  shape: TemporalShape,
  frames: number,
): readonly TransformerLayer[] {
  return towerLayers(g, shape).map((layer, index) => {
    const name = `encoder.layers.${index}`;
    const attention = towerAttention(g, projNames(`${name}.temporal_attn`, 'out_proj'), shape);
    return {
      ...layer,
      before: (builder, tokens) =>
        builder.scope(`layers.${index}.frames`, () => {
          const byPlace = transpose(builder, tokens, 1, 0, 2); // [N, T, D]
          const sum = frames === 1 ? byPlace : placed(builder, byPlace, name, shape, frames);
          const normed = norm(builder, sum, `${name}.temporal_layer_norm1`, layerNormOf(shape));
          const { output } = selfAttention(builder, normed, attention);
          const byFrame = (x: Value) => transpose(builder, x, 1, 0, 2); // [T, N, D]
          return { sum: byFrame(sum), branch: byFrame(output) };
        }),
    };
  });
}

/** Tokens [N, T, D] with the position of each frame added. */
function placed(
  g: GraphBuilder,
  tokens: Value,
  name: string,
  { frameCount, hiddenSize }: TemporalShape,
  frames: number,
): Value {
  const table = g.tensor(`${name}.temporal_embedding`, [1, frameCount, hiddenSize], 'embedding');
  const taken = slice(g, g.weight(table), 1, g.list(0), g.list(frames), tokens.shape[1] as Dim); // [1, T, D]
  return add(g, tokens, taken);
}
