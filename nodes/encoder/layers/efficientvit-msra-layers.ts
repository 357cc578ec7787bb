/** The body of Microsoft's EfficientViT, under timm's names. Source: 2305.07027. */
import {
  normedConvolution,
  samePadding,
  type ConvolutionShape,
} from '#engine/onnx/blocks/convolution.ts';
import {
  channelsFirst,
  channelsLast,
  mapToTokens,
  tokensToMap,
} from '#engine/onnx/blocks/feature-map.ts';
import { activate } from '#engine/onnx/blocks/feed-forward.ts';
import { inEights, squeezeExcitation } from '#engine/onnx/blocks/squeeze-excitation.ts';
import { cutWindows, joinWindows } from '#engine/onnx/blocks/windows.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { add } from '#engine/onnx/operators.ts';
import { fixedDim, type Value } from '#engine/onnx/value.ts';
import { cascadedAttention, type CascadedShape } from './cascaded-attention.ts';
import { numbersOf, threeStages, type PerStage } from '../staged/stage-sizes.ts';

export const mostHeads = [1, 2, 3, 4] as const;

export interface MsraShape
  extends
    PerStage<'width' | 'depth' | 'heads', 1 | 2 | 3, number>,
    PerStage<'kernel', 1 | 2 | 3 | 4, number> {
  readonly imageSize: number;
  readonly keySize: number;
  /** Places along one side of a window; a smaller map is one. */
  readonly window: number;
}

/** Pixels along one side of a place of the first stage's map. */
export const firstStride = 16;

const epsilon = 1e-5;

/** [B, 3, H, W] → [B, D, rows, columns] of the last of the first `usedStages` stages */
export function msraStages(
  g: GraphBuilder,
  pixels: Value,
  shape: MsraShape,
  usedStages: number,
): Value {
  const widths = numbersOf('width', threeStages, shape);
  const depths = numbersOf('depth', threeStages, shape);
  const heads = numbersOf('heads', threeStages, shape);
  let map = g.scope('patch_embed', () => patches(g, pixels, widths[0] ?? 0));
  for (const [index, width] of widths.slice(0, usedStages).entries()) {
    const name = `stages.${index}`;
    const attention = {
      headCount: heads[index] ?? 1,
      keySize: shape.keySize,
      kernels: numbersOf('kernel', mostHeads, shape),
    };
    map = g.scope(name, () => {
      let inner = index === 0 ? map : halved(g, map, `${name}.downsample`, width);
      for (let place = 0; place < (depths[index] ?? 0); place++) {
        const block = `${name}.blocks.${place}`;
        inner = g.scope(`blocks.${place}`, () => {
          const before = localMixing(g, inner, `${block}.dw0.m`, `${block}.ffn0.m`);
          const attended = attendInWindows(
            g,
            before,
            `${block}.mixer.m.attn`,
            attention,
            shape.window,
          );
          return localMixing(g, add(g, before, attended), `${block}.dw1.m`, `${block}.ffn1.m`);
        });
      }
      return inner;
    });
  }
  return map;
}

/** Four convolutions, each halving the map. [B, 3, H, W] → [B, width, H / 16, W / 16] */
function patches(g: GraphBuilder, pixels: Value, width: number): Value {
  return [8, 4, 2, 1].reduce((map, share, index, all) => {
    const shape = { inputs: fixedDim(map, 1), outputs: width / share, kernel: 3, stride: 2 };
    const half = layer(g, map, `patch_embed.conv${index + 1}`, shape);
    return index === all.length - 1 ? half : activate(g, half, 'relu');
  }, pixels);
}

/** [B, C, H, W] → [B, width, H / 2, W / 2] */
function halved(g: GraphBuilder, map: Value, name: string, width: number): Value {
  const inputs = fixedDim(map, 1);
  const inner = 4 * inputs;
  const merge = `${name}.patchmerge`;
  return g.scope('downsample', () => {
    const mixed = localMixing(g, map, `${name}.res1.0.m`, `${name}.res1.1.m`);
    const up = layer(g, mixed, `${merge}.conv1`, { inputs, outputs: inner, kernel: 1 });
    const half = layer(g, activate(g, up, 'relu'), `${merge}.conv2`, {
      inputs: inner,
      outputs: inner,
      kernel: 3,
      stride: 2,
      groups: inner,
    });
    const weighed = squeezeExcitation(
      g,
      activate(g, half, 'relu'),
      { down: `${merge}.se.fc1`, up: `${merge}.se.fc2` },
      { squeezedSize: inEights(inner / 4), activation: 'relu', gate: 'sigmoid' },
    );
    const across = { inputs: inner, outputs: width, kernel: 1 };
    const merged = layer(g, weighed, `${merge}.conv3`, across);
    return localMixing(g, merged, `${name}.res2.0.m`, `${name}.res2.1.m`);
  });
}

/** x + its neighbourhood channel by channel, then + a feed-forward over the channels. [B, D, H, W] → the same */
function localMixing(
  g: GraphBuilder,
  map: Value,
  neighbourhood: string,
  feedForward: string,
): Value {
  const width = fixedDim(map, 1);
  const around = { inputs: width, outputs: width, kernel: 3, groups: width };
  const mixed = add(g, map, layer(g, map, neighbourhood, around));
  const up = { inputs: width, outputs: 2 * width, kernel: 1 };
  const down = { inputs: 2 * width, outputs: width, kernel: 1 };
  const active = activate(g, layer(g, mixed, `${feedForward}.pw1`, up), 'relu');
  return add(g, mixed, layer(g, active, `${feedForward}.pw2`, down));
}

/** [B, D, H, W] → the same; a map that is no larger than a window is one. */
function attendInWindows(
  g: GraphBuilder,
  map: Value,
  name: string,
  shape: CascadedShape,
  window: number,
): Value {
  const [rows, columns] = [fixedDim(map, 2), fixedDim(map, 3)];
  if (rows <= window && columns <= window) return cascadedAttention(g, map, name, shape);
  const cut = { window, shift: 0 };
  const last = channelsLast(g, map); // [B, H, W, D]
  const windows = cutWindows(g, last, cut); // [B · windows, w², D]
  const side = { rows: window, columns: window };
  const attended = cascadedAttention(g, tokensToMap(g, windows, side), name, shape);
  return channelsFirst(g, joinWindows(g, mapToTokens(g, attended), last, cut));
}

const layer = (
  g: GraphBuilder,
  map: Value,
  name: string,
  shape: Omit<ConvolutionShape, 'bias'>,
): Value =>
  normedConvolution(
    g,
    map,
    { convolution: `${name}.conv`, norm: `${name}.bn` },
    { ...shape, padding: samePadding(shape.kernel) },
    epsilon,
  );
