/** MobileCLIP-B's image tower: a vision transformer behind three small convolutions. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { size } from '#engine/node/architecture-params.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import {
  convolution,
  convolutionWeights,
  convolve,
  foldBatchNorm,
} from '#engine/onnx/blocks/convolution.ts';
import { dropPrefix, mapToTokens } from '#engine/onnx/blocks/feature-map.ts';
import { activate } from '#engine/onnx/blocks/feed-forward.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { norm, type Norm } from '#engine/onnx/blocks/norm.ts';
import { patchGrid } from '#engine/onnx/blocks/patch-embedding.ts';
import { learnedPositions, positionedTokens } from '#engine/onnx/blocks/position-table.ts';
import { transformerLayers } from '#engine/onnx/blocks/vision-transformer.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { slice } from '#engine/onnx/shape-operators.ts';
import type { Value } from '#engine/onnx/value.ts';
import { encoderDims, encoderHooks, encoderSocket } from './tower/encoder-parts.ts';
import { mobileClipVitLayouts } from './names/mobileclip-vit-names.ts';
import { publishedSizes } from './tower/published-sizes.ts';
import { timmFromConfig } from './sizes/timm-config.ts';
import { towerFeatures, usedLayersOf, type VisionTower } from './tower/tower-features.ts';
import {
  normedFeatureLayerParam,
  pixelsDemand,
  positionsParam,
  shapeOfSize,
  trainedGrid,
  transformerParams,
  type PublishedSize,
  type VisionTransformerShape,
} from './tower/vision-transformer-params.ts';
import { vitLayers } from './layers/vit-layers.ts';

/** What the convolutions of the stem cut the picture into, one after the other: patches of 16 in all. */
const stemStrides = [4, 2, 2] as const;
const patchSize = 16;

/** The other figures are those of every such tower. */
const fixed = { patchSize, activation: 'gelu', normEpsilon: 1e-6 } as const;
type MobileClipFigures = Omit<VisionTransformerShape, keyof typeof fixed> & {
  readonly projectionSize: number;
};

const sizes = publishedSizes(
  { base: { label: 'B/16, 224 px', size: [224, 16, 768, 12, 12, 3072], projectionSize: 512 } },
  'base',
  (row: {
    readonly label: string;
    readonly size: PublishedSize;
    readonly projectionSize: number;
  }): MobileClipFigures => ({
    ...shapeOfSize(row.size, fixed),
    projectionSize: row.projectionSize,
  }),
);

const { patchSize: _patchSize, ...customParams } = transformerParams;

const params = {
  model: sizes.param,
  featureLayer: normedFeatureLayerParam,
  select: {
    kind: 'choice',
    label: 'Tokens',
    help: 'Which tokens leave the tower.',
    default: 'patches',
    options: [
      { value: 'patches', label: 'Patches' },
      { value: 'all', label: 'Class token and patches' },
      { value: 'pooled', label: 'Pooled', about: 'The class token after the final norm.' },
      {
        value: 'projected',
        label: 'Projected',
        about: 'The pooled token, as it is compared with texts.',
      },
    ],
  },
  positions: positionsParam,
  ...customParams,
  projectionSize: size('Projection size', 'Channels of the joint space with text.', 512, 65_536),
  ...weightParams,
} as const;

type MobileClipParams = ParamValues<typeof params>;

const isSingle = ({ select }: MobileClipParams): boolean =>
  select === 'pooled' || select === 'projected';

const shapeOf = (values: MobileClipParams) => ({ ...sizes.shapeOf(values), ...fixed });

const towerOf = (values: MobileClipParams): VisionTower => ({
  title: 'MobileCLIP-B',
  shape: shapeOf(values),
  prefixTokens: 1,
  // A single token is the last layer's.
  featureLayer: isSingle(values) ? -1 : values.featureLayer,
});

/** [B, 3, H, W] → [B, N, D] */
function stem(g: GraphBuilder, pixels: Value, hiddenSize: number): Value {
  let [map, inputs] = [pixels, 3];
  for (const [index, stride] of stemStrides.entries()) {
    const name = `stem.${index}`;
    if (index === stemStrides.length - 1) {
      const last = { inputs, outputs: hiddenSize, kernel: stride, stride, bias: true };
      return mapToTokens(g, convolution(g, map, `${name}.conv`, last));
    }
    const shape = { inputs, outputs: hiddenSize / 4, kernel: stride, stride, bias: false };
    const weights = convolutionWeights(g, `${name}.conv`, shape);
    const folded = foldBatchNorm(g, weights, `${name}.bn`, 1e-5);
    map = g.scope(name, () => activate(g, convolve(g, map, folded, shape), 'gelu'));
    inputs = shape.outputs;
  }
  throw new Error('The stem has no convolution.');
}

export const mobileClipVit = defineNode({
  type: 'encoder/mobileclip-vit',
  version: 1,
  family: 'encoder',
  title: 'MobileCLIP-B',
  about:
    'The largest image tower of the first MobileCLIP: a plain vision transformer whose patches are cut by three small ' +
    'convolutions in place of one, which trains more steadily and costs hardly more. It learned from captions that several ' +
    'larger models had weighed, so it sees better than its size.',
  references: [
    {
      title: 'MobileCLIP: Fast Image-Text Models through Multi-Modal Reinforced Training',
      url: 'https://arxiv.org/abs/2311.17049',
    },
  ],
  params,
  inputs: { pixels: { kind: 'pixels', title: 'Pixels' }, ...encoderSocket },
  outputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  fromConfig: (files) => timmFromConfig(files, 'MobileCLIP-B', { vit_base_mci_224: 'base' }),
  keyLayouts: (values) =>
    mobileClipVitLayouts({ ...shapeOf(values), usedLayers: usedLayersOf(towerOf(values)) }),
  demand: ({ params: values }) => pixelsDemand(shapeOf(values), values.positions),
  infer({ params: values, inputs }) {
    const { hiddenSize, projectionSize } = shapeOf(values);
    if (hiddenSize % 4 !== 0) {
      const message = `The stem has a quarter of the ${hiddenSize} channels; choose a number that four divides.`;
      return fail(error('arrangement-unsupported', message, { param: 'hiddenSize' }));
    }
    const features = towerFeatures(towerOf(values), values.positions, inputs);
    if (!features.ok) return features;
    const { all, patches, single, warnings } = features.value;
    const projected = { ...single, channels: projectionSize };
    const tokens = { all, patches, pooled: single, projected }[values.select];
    return ok({ outputs: { tokens }, found: features.value, warnings });
  },
  layers: (values) => shapeOf(values).layerCount,
  summary: ({ model, imageSize, featureLayer }) =>
    `${sizes.labelOf(model) ?? `custom, ${imageSize} px`} · layer ${featureLayer}`,
  body: {
    kind: 'onnx',
    dims: ({ found }) => encoderDims(found, found.host),
    emit(g, { pixels }, { params: values, inputs, parts, found }) {
      const shape = shapeOf(values);
      const { hiddenSize } = shape;
      const kind: Norm = { kind: 'layer', epsilon: shape.normEpsilon };
      const classToken = g.tensor('embeddings.cls_token', [1, 1, hiddenSize], 'embedding');
      const positions = learnedPositions(g, 'embeddings.position_embeddings', hiddenSize, {
        prefixTokens: 0,
        trained: trainedGrid(shape),
        kernel: 'bicubic',
        antialias: values.positions === 'antialiased',
      });
      const learned = [{ of: classToken, count: 1 }];
      const patches = stem(g, pixels, hiddenSize); // [B, N, D]
      const grid = patchGrid(inputs.pixels, shape);
      const embedded = positionedTokens(g, patches, learned, positions, grid); // [B, 1 + N, D]
      const hidden = transformerLayers(g, embedded, vitLayers(g, shape), {
        norm: kind,
        count: found.host.usedLayers,
        queryKey: false,
        hooks: encoderHooks(g, parts, embedded, found.host, shape),
      });
      const isLast = found.host.usedLayers === shape.layerCount;
      const normed = (tokens: Value) => (isLast ? norm(g, tokens, 'layernorm', kind) : tokens);
      switch (values.select) {
        case 'all':
          return { tokens: normed(hidden) };
        case 'patches':
          return { tokens: normed(dropPrefix(g, hidden, 1)) };
        case 'pooled':
        case 'projected': {
          const pooled = normed(slice(g, hidden, 1, g.list(0), g.list(1), 1)); // [B, 1, D]
          if (values.select === 'pooled') return { tokens: pooled };
          const projection = { inputs: hiddenSize, outputs: shape.projectionSize, bias: true };
          return { tokens: linear(g, pooled, 'head', projection) };
        }
      }
    },
  },
});
