/** The convolutions with which a ViTamin begins: a stem, two stages of inverted bottlenecks, and a step to the tokens. */
import { channelNorm } from '#engine/onnx/blocks/channel-norm.ts';
import { convolution, depthwiseConvolution } from '#engine/onnx/blocks/convolution.ts';
import { mapToTokens } from '#engine/onnx/blocks/feature-map.ts';
import { averagePool } from '#engine/onnx/blocks/pooling.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { add, gelu } from '#engine/onnx/operators.ts';
import { fixedDim, type Value } from '#engine/onnx/value.ts';

/** Whatever the norms of the layers have. */
const epsilon = 1e-6;
const expansion = 4;
const three = { kernel: 3, padding: 1, bias: true } as const;
const one = { kernel: 1, bias: true } as const;

export interface StemShape {
  /** Channels of the stem and the first stage, and of the second. */
  readonly stemSize: number;
  readonly secondSize: number;
  /** Bottlenecks of either stage. */
  readonly firstCount: number;
  readonly secondCount: number;
  /** Channels of the tokens. */
  readonly hiddenSize: number;
}

/** [B, 3, H, W] → [B, H/16 · W/16, D]. Source: timm, models/vitamin (MbConvStages). */
export function vitaminStem(g: GraphBuilder, pixels: Value, shape: StemShape): Value {
  const { stemSize, secondSize, firstCount, secondCount, hiddenSize } = shape;
  const name = 'patch_embed.backbone';
  const first = convolution(g, pixels, `${name}.stem.conv1`, {
    ...three,
    inputs: fixedDim(pixels, 1),
    outputs: stemSize,
    stride: 2,
  });
  const active = gelu(g, channelNorm(g, first, `${name}.stem.norm1`, epsilon), 'none');
  const square = { ...three, inputs: stemSize, outputs: stemSize };
  const stem = convolution(g, active, `${name}.stem.conv2`, square);
  const stages = [
    [stemSize, firstCount],
    [secondSize, secondCount],
  ] as const;
  const map = stages.reduce(
    (x, [channels, count], stage) =>
      Array.from({ length: count }).reduce<Value>((each, _, block) => {
        const part = `${name}.stages.${stage}.${block}`;
        return g.scope(`stages.${stage}.${block}`, () =>
          bottleneck(g, each, part, channels, block === 0),
        );
      }, x),
    stem,
  );
  const normed = channelNorm(g, map, `${name}.pool.norm`, epsilon);
  const step = { ...three, inputs: secondSize, outputs: hiddenSize, stride: 2 };
  return mapToTokens(g, convolution(g, normed, `${name}.pool.proj`, step));
}

/** Wider, a look around, narrower, beside what was there; `halves` the map. [B, C, H, W] → [B, channels, H', W'] */
function bottleneck(
  g: GraphBuilder,
  x: Value,
  name: string,
  channels: number,
  halves: boolean,
): Value {
  const inputs = fixedDim(x, 1);
  const inner = 8 * Math.round((channels * expansion) / 8);
  const normed = channelNorm(g, x, `${name}.pre_norm`, epsilon);
  const wide = convolution(g, normed, `${name}.conv1_1x1`, { ...one, inputs, outputs: inner });
  const around = depthwiseConvolution(g, gelu(g, wide, 'none'), `${name}.conv2_kxk`, {
    ...three,
    stride: halves ? 2 : 1,
  });
  const narrow = { ...one, inputs: inner, outputs: channels };
  const main = convolution(g, gelu(g, around, 'none'), `${name}.conv3_1x1`, narrow);
  if (!halves) return add(g, main, x);
  const pooled = averagePool(g, x, { kernel: 3, stride: 2, padding: 1 });
  if (inputs === channels) return add(g, main, pooled);
  const expand = { ...one, inputs, outputs: channels };
  return add(g, main, convolution(g, pooled, `${name}.shortcut.expand`, expand));
}
