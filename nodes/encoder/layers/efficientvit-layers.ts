/** The body of MIT's EfficientViT, its series B and L, under timm's names. Source: 2205.14756. */
import {
  convolution,
  normedConvolution,
  samePadding,
  type ConvolutionShape,
} from '#engine/onnx/blocks/convolution.ts';
import { activate, type Activation } from '#engine/onnx/blocks/feed-forward.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { norm } from '#engine/onnx/blocks/norm.ts';
import { globalAveragePool } from '#engine/onnx/blocks/pooling.ts';
import { mapToTokens } from '#engine/onnx/blocks/feature-map.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { add } from '#engine/onnx/operators.ts';
import { fixedDim, type Value } from '#engine/onnx/value.ts';
import { planOf, type LocalBlock, type Series } from './efficientvit-plan.ts';
import { multiScaleAttention } from './linear-attention.ts';
import { stagesOf, type StagesShape } from '../staged/stage-sizes.ts';

/** The stem is the first stage. */
export interface EfficientVitShape extends StagesShape {
  readonly imageSize: number;
  readonly series: Series;
  readonly headSize: number;
  /** Channels of the head's two layers. */
  readonly headWidth1: number;
  readonly headWidth2: number;
  readonly classCount: number;
}

interface Style {
  readonly activation: Activation;
  readonly epsilon: number;
}

export const styles: Readonly<Record<Series, Style>> = {
  b: { activation: 'hard-swish', epsilon: 1e-5 },
  l: { activation: 'gelu-tanh', epsilon: 1e-7 },
};

/** [B, 3, H, W] → [B, D, rows, columns] of the last of the first `usedStages` stages */
export function efficientVitStages(
  g: GraphBuilder,
  pixels: Value,
  shape: EfficientVitShape,
  usedStages: number,
): Value {
  const style = styles[shape.series];
  const plan = planOf(shape.series, stagesOf(shape));
  const width = stagesOf(shape)[0]?.width ?? 0;
  const half = { inputs: 3, outputs: width, kernel: 3, stride: 2 };
  let map = g.scope('stem', () => layer(g, pixels, 'stem.in_conv', half, { style, acts: true }));
  for (const [index, blocks] of plan.slice(0, usedStages).entries()) {
    for (const [place, block] of blocks.entries()) {
      // The stem's own blocks are numbered behind its first convolution.
      const name = index === 0 ? `stem.res${place}` : `stages.${index - 1}.blocks.${place}`;
      map = g.scope(name, () => {
        if (block.kind !== 'attention') return localBlock(g, map, `${name}.main`, block, style);
        const seen = attention(g, map, `${name}.context_module.main`, shape, style);
        return localBlock(g, seen, `${name}.local_module.main`, block.local, style);
      });
    }
  }
  return map;
}

/** Scores of classes: a wide layer, its mean over the map, and two linears. [B, D, H, W] → [B, 1, classes] */
export function classify(g: GraphBuilder, map: Value, shape: EfficientVitShape): Value {
  const style = styles[shape.series];
  const { headWidth1, headWidth2, classCount } = shape;
  return g.scope('head', () => {
    const across = { inputs: fixedDim(map, 1), outputs: headWidth1, kernel: 1 };
    const wide = layer(g, map, 'head.in_conv', across, { style, acts: true });
    const pooled = mapToTokens(g, globalAveragePool(g, wide)); // [B, 1, W1]
    const first = { inputs: headWidth1, outputs: headWidth2, bias: false };
    const inner = linear(g, pooled, 'head.classifier.0', first);
    const kind = { kind: 'layer', epsilon: style.epsilon } as const;
    const normed = norm(g, inner, 'head.classifier.1', kind);
    const last = { inputs: headWidth2, outputs: classCount, bias: true };
    return linear(g, activate(g, normed, style.activation), 'head.classifier.4', last);
  });
}

function attention(
  g: GraphBuilder,
  map: Value,
  name: string,
  { headSize }: EfficientVitShape,
  style: Style,
): Value {
  const channels = fixedDim(map, 1);
  const heads = { headCount: channels / headSize, headSize };
  return g.scope('attention', () => {
    const attended = multiScaleAttention(g, map, name, heads);
    const across = { inputs: 2 * channels, outputs: channels, kernel: 1 };
    return add(g, map, layer(g, attended, `${name}.proj`, across, { style, acts: false }));
  });
}

/** Convolutions in a row, of which all but the last act; added to what comes in where the map keeps its shape. */
function localBlock(
  g: GraphBuilder,
  map: Value,
  name: string,
  block: LocalBlock,
  style: Style,
): Value {
  const inputs = fixedDim(map, 1);
  const result = convolutionsOf(block, inputs).reduce((inner, [part, shape], index, all) => {
    const isLast = index === all.length - 1;
    const biased = block.fewerNorms && !isLast;
    return layer(g, inner, `${name}.${part}`, shape, { style, acts: !isLast, biased });
  }, map);
  return block.stride === 1 ? add(g, map, result) : result;
}

type Named = readonly [name: string, shape: Omit<ConvolutionShape, 'bias'>];

function convolutionsOf(
  { kind, width, stride, expansion }: LocalBlock,
  inputs: number,
): readonly Named[] {
  const inner = inputs * expansion;
  const point: Named = ['point_conv', { inputs: inner, outputs: width, kernel: 1 }];
  const depth: Named = [
    'depth_conv',
    { inputs: inner, outputs: inner, kernel: 3, stride, groups: inner },
  ];
  switch (kind) {
    case 'separable':
      return [depth, point];
    case 'plain':
      return [
        ['conv1', { inputs, outputs: inner, kernel: 3, stride }],
        ['conv2', { inputs: inner, outputs: width, kernel: 3 }],
      ];
    case 'inverted':
      return [['inverted_conv', { inputs, outputs: inner, kernel: 1 }], depth, point];
    case 'fused':
      return [['spatial_conv', { inputs, outputs: inner, kernel: 3, stride }], point];
  }
}

interface LayerOptions {
  readonly style: Style;
  readonly acts: boolean;
  /** A bias in place of batch norm. */
  readonly biased?: boolean;
}

/** `name.conv` with `name.norm`, and an activation. */
function layer(
  g: GraphBuilder,
  x: Value,
  name: string,
  shape: Omit<ConvolutionShape, 'bias'>,
  { style, acts, biased = false }: LayerOptions,
): Value {
  const padded = { ...shape, padding: samePadding(shape.kernel) };
  const names = { convolution: `${name}.conv`, norm: `${name}.norm` };
  const map = biased
    ? convolution(g, x, names.convolution, { ...padded, bias: true })
    : normedConvolution(g, x, names, padded, style.epsilon);
  return acts ? activate(g, map, style.activation) : map;
}
