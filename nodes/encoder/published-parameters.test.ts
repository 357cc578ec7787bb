/** Encoders of stages have as many parameters as their papers and timm's tables say, and compute as much. */
import { expect, it } from 'vitest';
import { countFlops, countParameters } from '#engine/estimate/model-cost.ts';
import type { AnyNodeDefinition } from '#engine/node/any-node-definition.ts';
import { tensorsOf } from '#engine/onnx/weight.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { convNext } from './convnext.ts';
import { efficientVitMsra } from './efficientvit-msra.ts';
import { efficientVit } from './efficientvit.ts';
import { fastVit } from './fastvit.ts';
import { mobileClipVit } from './mobileclip-vit.ts';
import { mobileVit } from './mobilevit.ts';
import { mobileVitV2 } from './mobilevitv2.ts';

type Figures = readonly (readonly [model: string, millions: number])[];

interface Published {
  readonly definition: AnyNodeDefinition;
  readonly select: string;
  readonly branches?: string;
  /** Side of the picture. */
  readonly pixels: number;
  /** Channels that the published classifier of 1000 classes reads; absent where the node has it, or there is none. */
  readonly classifier?: (channels: number) => number;
  readonly figures: Figures;
}

/** A linear with a bias. */
const linearClassifier = (channels: number): number => (channels + 1) * 1000;

const published: Readonly<Record<string, Published>> = {
  // timm's results-imagenet.csv; 2201.03545, 2301.00808.
  'ConvNeXt, timm': {
    definition: convNext,
    select: 'pooled',
    pixels: 224,
    classifier: linearClassifier,
    figures: [
      ['tiny', 28.59],
      ['small', 50.22],
      ['base', 88.59],
      ['large', 197.77],
      ['xlarge', 350.2],
      ['xxlarge-clip', 846.47],
      ['v2-atto', 3.71],
      ['v2-femto', 5.23],
      ['v2-pico', 9.07],
      ['v2-nano', 15.62],
      ['v2-tiny', 28.64],
      ['v2-base', 88.72],
      ['v2-large', 197.96],
      ['v2-huge', 660.29],
    ],
  },
  // timm's results-imagenet.csv, which counts the branches of training; 2303.14189.
  'FastViT, timm': {
    definition: fastVit,
    select: 'pooled',
    branches: 'trained',
    pixels: 256,
    classifier: linearClassifier,
    figures: [
      ['t8', 4.03],
      ['t12', 7.55],
      ['s12', 9.47],
      ['sa12', 11.58],
      ['sa24', 21.55],
      ['sa36', 31.53],
      ['ma36', 44.07],
    ],
  },
  // 2311.17049, 2412.13303 and 2508.20691, reparameterised and with the projection.
  'MobileCLIP and FastViTHD, papers': {
    definition: fastVit,
    select: 'projected',
    pixels: 256,
    figures: [
      ['mci0', 11.4],
      ['mci1', 21.5],
      ['mci2', 35.7],
      ['hd', 125.1],
      ['mci4', 321.6],
    ],
  },
  'MobileCLIP-B, paper': {
    definition: mobileClipVit,
    select: 'projected',
    pixels: 224,
    figures: [['base', 86.3]],
  },
  // timm's results-imagenet.csv; 2205.14756.
  'EfficientViT of MIT, timm': {
    definition: efficientVit,
    select: 'classes',
    pixels: 224,
    figures: [
      ['b0', 3.41],
      ['b1', 9.1],
      ['b2', 24.33],
      ['b3', 48.65],
      ['l1', 52.65],
      ['l2', 63.71],
      ['l3', 246.04],
    ],
  },
  // timm's results-imagenet.csv; 2305.07027. The classifier has a batch norm before it.
  'EfficientViT of MSRA, timm': {
    definition: efficientVitMsra,
    select: 'pooled',
    pixels: 224,
    classifier: (channels) => linearClassifier(channels) + 2 * channels,
    figures: [
      ['m0', 2.35],
      ['m1', 2.98],
      ['m2', 4.19],
      ['m3', 6.9],
      ['m4', 8.8],
      ['m5', 12.47],
    ],
  },
  // timm's results-imagenet.csv; 2110.02178.
  'MobileViT, timm': {
    definition: mobileVit,
    select: 'pooled',
    pixels: 256,
    classifier: linearClassifier,
    figures: [
      ['xxs', 1.27],
      ['xs', 2.32],
      ['s', 5.58],
    ],
  },
  // timm's results-imagenet.csv; 2206.02680.
  'MobileViT V2, timm': {
    definition: mobileVitV2,
    select: 'pooled',
    pixels: 256,
    classifier: linearClassifier,
    figures: [
      ['050', 1.37],
      ['075', 2.87],
      ['100', 4.9],
      ['125', 7.48],
      ['150', 10.59],
      ['175', 14.25],
      ['200', 18.45],
    ],
  },
};

it.each(
  Object.entries(published).flatMap(([title, { figures, ...rest }]) =>
    figures.map(([model, millions]) => ({ title, model, millions, ...rest })),
  ),
)('$title: $model', ({ definition, model, millions, select, branches, pixels, classifier }) => {
  const inputs = { pixels: { kind: 'pixels', height: pixels, width: pixels } } as const;
  const params = { model, select, ...(branches !== undefined && { branches }) };
  const built = valueOf(buildSingleNode({ definition, params, inputs }));
  const tokens = built.outputs['tokens'];
  const channels = tokens?.kind === 'tokens' ? tokens.channels : 0;
  const counted = countParameters([built.model]) - runningStatistics(built.model);
  const ratio = (counted + (classifier?.(channels) ?? 0)) / 1e6 / millions;
  expect(Math.abs(ratio - 1)).toBeLessThan(0.01);
});

/**
 * Multiply-adds in billions, of timm's benchmark-infer-amp-nchw-pt240 and -pt291; it counts norms and activations too,
 * and gives two decimals.
 */
it.each<[AnyNodeDefinition, string, string, number, number]>([
  [convNext, 'tiny', 'pooled', 224, 4.47],
  [convNext, 'xxlarge-clip', 'pooled', 256, 198.09],
  [convNext, 'v2-tiny', 'pooled', 224, 4.47],
  [fastVit, 't8', 'pooled', 256, 0.7],
  [fastVit, 'ma36', 'pooled', 256, 7.88],
  [fastVit, 'mci2', 'projected', 256, 7.91],
  [fastVit, 'hd', 'projected', 256, 14.82],
  [mobileClipVit, 'base', 'projected', 224, 17.73],
  [efficientVit, 'b3', 'classes', 224, 3.99],
  [efficientVit, 'l1', 'classes', 224, 5.27],
  [efficientVitMsra, 'm5', 'pooled', 224, 0.53],
  [mobileVit, 's', 'pooled', 256, 2.03],
  [mobileVitV2, '100', 'pooled', 256, 1.84],
])('%# computes as much as published', (definition, model, select, side, billions) => {
  const inputs = { pixels: { kind: 'pixels', height: side, width: side } } as const;
  const built = valueOf(buildSingleNode({ definition, params: { model, select }, inputs }));
  const ratio = countFlops(built.model, {}) / 2e9 / billions;
  expect(ratio).toBeGreaterThan(0.97);
  expect(ratio).toBeLessThan(1.005);
});

/** What batch norms have seen, which the tables leave out. */
function runningStatistics({ weights }: Parameters<typeof countParameters>[0][number]): number {
  const sizes = new Map<string, number>();
  for (const { expression } of weights)
    for (const { name, shape } of tensorsOf(expression))
      if (/\.running_(mean|var)$/.test(name)) sizes.set(name, shape[0] ?? 0);
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}
