/** The image towers of Qwen2-VL and Qwen2.5-VL. */
import { ok } from '#engine/contract/outcome.ts';
import { error, type Problem } from '#engine/contract/problem.ts';
import { choice, flag, option, size } from '#engine/node/architecture-params.ts';
import { viewsOfOneItem } from '#engine/node/item-views.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { framesText, itemsOf, knownCount, oneView, type WireOf } from '#engine/node/wire.ts';
import { patchGrid } from '#engine/onnx/blocks/patch-embedding.ts';
import { encoderSocket } from './tower/encoder-parts.ts';
import { libraryLayouts } from './names/library-names.ts';
import { qwenFromConfig, usualSize } from './sizes/qwen2-vl-config.ts';
import {
  embedFrames,
  framePairs,
  framesInPatch,
  merged,
  mergeSquares,
  qwenLayers,
  qwenNorm,
  type QwenShape,
} from './layers/qwen2-vl-layers.ts';
import { describeTower } from './tower/tower-config.ts';
import { rotaryProblem } from './tower/tower-rotary.ts';
import { towerSizes } from './tower/tower-sizes.ts';
import { transformerTower } from './tower/transformer-tower.ts';
import {
  activationParam,
  featureLayerParam,
  normEpsilonParam,
  shapeOfSize,
  transformerParams,
} from './tower/vision-transformer-params.ts';

/** One tower for nearly all sizes of either model; what it is merged into differs. */
const row = (label: string, feedForwardSize: number, outputSize: number) => ({
  label,
  size: [usualSize, 14, 1280, 32, 16, feedForwardSize] as const,
  isNew: feedForwardSize !== 5120,
  outputSize,
});

const sizes = towerSizes(
  {
    'qwen2.5-vl-3b': row('Qwen2.5-VL 3B', 3420, 2048),
    'qwen2.5-vl-7b': row('Qwen2.5-VL 7B', 3420, 3584),
    'qwen2.5-vl-32b': row('Qwen2.5-VL 32B', 3456, 5120),
    'qwen2.5-vl-72b': row('Qwen2.5-VL 72B', 3456, 8192),
    'qwen2-vl-2b': row('Qwen2-VL 2B', 5120, 1536),
    'qwen2-vl-7b': row('Qwen2-VL 7B', 5120, 3584),
    'qwen2-vl-72b': row('Qwen2-VL 72B', 5120, 8192),
  },
  'qwen2-vl-2b',
  ({ size: published, isNew, outputSize }): QwenShape => ({
    ...shapeOfSize(published, { activation: isNew ? 'silu' : 'quick-gelu', normEpsilon: 1e-6 }),
    normKind: isNew ? 'rms' : 'layer',
    gated: isNew,
    windowPixels: isNew ? 112 : 0,
    globalEvery: 8,
    outputSize,
  }),
);

const params = {
  model: sizes.param,
  featureLayer: { ...featureLayerParam, default: -1 },
  select: {
    kind: 'choice',
    label: 'Tokens',
    help: 'Which tokens leave the tower.',
    default: 'merged',
    options: [
      {
        value: 'merged',
        label: 'Merged',
        about: 'One token of the language model for each square of four patches of the last layer.',
      },
      { value: 'patches', label: 'Patches', about: 'Before the merger.' },
    ],
  },
  ...transformerParams,
  normKind: choice('Norm', 'What comes before either half of a layer.', 'layer', [
    option('layer', 'LayerNorm'),
    option('rms', 'RMSNorm'),
  ]),
  gated: flag('Gated feed-forward', 'SwiGLU in place of two linears, as in Qwen2.5-VL.', false),
  windowPixels: {
    ...size(
      'Window',
      'Side of the windows that layers look at; 0 for the whole picture.',
      0,
      4096,
      'px',
    ),
    min: 0,
  },
  globalEvery: size(
    'Whole picture in every',
    'With windows, every so many-th layer looks at the whole picture.',
    8,
    512,
  ),
  outputSize: size('Output width', 'Channels of a merged token.', 1536, 65_536),
  activation: activationParam('quick-gelu'),
  normEpsilon: normEpsilonParam(1e-6),
  ...weightParams,
} as const;

type QwenParams = ParamValues<typeof params>;
type Pixels = WireOf<'pixels'>;
type Tokens = WireOf<'tokens'>;

const isClip = ({ views }: Pixels | Tokens): boolean => views?.media === 'video';

/** Two frames of a clip make one view. */
function inPairs(tokens: Tokens): Tokens {
  const { views } = tokens;
  if (!views || !isClip(tokens)) return tokens;
  // All clips have the same number of frames; see `clipProblem`.
  const halved = { views: views.views / framesInPatch, most: views.most / framesInPatch };
  return { ...tokens, views: { ...views, ...halved } };
}

function mergedWire(tokens: Tokens, { outputSize }: QwenShape): Tokens {
  const { grid, count } = tokens;
  return {
    ...inPairs(tokens),
    count: knownCount(count.tokens / merged ** 2),
    channels: outputSize,
    grid: grid && { rows: grid.rows / merged, columns: grid.columns / merged },
  };
}

function pixelsProblem({ patchSize }: QwenShape, pixels: Pixels): Problem | null {
  const { width, height } = pixels;
  const side = merged * patchSize;
  if (width % side === 0 && height % side === 0) return clipProblem(pixels);
  const message = `A picture of ${width} × ${height} pixels does not divide into squares of ${side} pixels, four patches each, which are merged; set the preprocessing's size to a multiple of ${side}.`;
  return error('dimension-mismatch', message, { port: 'pixels' });
}

function clipProblem(pixels: Pixels): Problem | null {
  const { views = oneView } = pixels;
  if (!isClip(pixels)) return null;
  const { expected: frames, most } = viewsOfOneItem({ views });
  if (frames !== most) {
    const message = `The clips have different numbers of frames, up to ${most}; take an even number of frames, the same of each.`;
    return error('dimension-mismatch', message, { port: 'pixels' });
  }
  if (frames % framesInPatch === 0) return null;
  const message = `A clip of ${framesText(frames)} does not divide into pairs of frames; choose an even number.`;
  return error('dimension-mismatch', message, { port: 'pixels' });
}

function windowProblem({ windowPixels, patchSize }: QwenShape): Problem | null {
  if (windowPixels === 0 || windowPixels >= merged * patchSize) return null;
  const message = `A window of ${windowPixels} px holds no square of ${merged * patchSize} px, which is four patches; choose a larger window, or 0 for none.`;
  return error('arrangement-unsupported', message, { param: 'windowPixels' });
}

const tower = transformerTower<QwenParams, QwenShape>({
  title: 'Qwen2-VL',
  shapeOf: sizes.shapeOf,
  prefixTokens: () => 0,
  positions: () => 'interpolated',
  norm: qwenNorm,
  finalNorm: () => null,
  choices: {
    merged: {
      leaves: 'patches',
      last: true,
      wire: mergedWire,
      finish: (g, patches, shape, pixels) =>
        mergeSquares(g, patches, shape, patchGrid(pixels, shape)),
    },
    patches: { leaves: 'patches', wire: inPairs },
  },
  check(values, found, pixels) {
    const shape = sizes.shapeOf(values);
    return (
      rotaryProblem('Qwen2-VL', shape, found) ??
      windowProblem(shape) ??
      pixelsProblem(shape, pixels)
    );
  },
});

export const qwen2VlVision = defineNode({
  type: 'encoder/qwen2-vl-vision',
  version: 1,
  family: 'encoder',
  title: 'Qwen2-VL tower',
  about:
    'The eyes of Qwen2-VL and Qwen2.5-VL. A picture keeps its size and shape, two frames of a clip share their patches, and ' +
    'rows and columns turn queries and keys. A merger makes one token of the language model of each square of four ' +
    'patches. In Qwen2.5-VL most layers look only at windows of 112 pixels, so that a large picture costs little more than ' +
    'its share; in Qwen2-VL the cost grows with the square of the patches.',
  references: [
    { title: 'Qwen2-VL', url: 'https://arxiv.org/abs/2409.12191' },
    { title: 'Qwen2.5-VL Technical Report', url: 'https://arxiv.org/abs/2502.13923' },
  ],
  params,
  inputs: { pixels: { kind: 'pixels', title: 'Pixels' }, ...encoderSocket },
  outputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  fromConfig(files) {
    const found = qwenFromConfig(files);
    if (!found.ok) return found;
    const { title, shape } = found.value;
    return ok({
      params: { ...sizes.paramsFor({ ...shape }), featureLayer: -1, select: 'merged' },
      took: [title, ...describeTower(shape)],
      file: 'config.json',
    });
  },
  keyLayouts: (values) =>
    libraryLayouts({
      ...tower.extentOf(values),
      prefixes: [
        ['published', 'visual.'],
        ['Hugging Face, since version 5', 'model.visual.'],
        ['tower alone', ''],
      ],
      layers: 'blocks.',
      owned: /^(patch_embed|blocks|merger)\./,
      unused: /^merger\./,
    }),
  demand: tower.demand,
  infer: tower.infer,
  layers: sizes.layers,
  summary: sizes.summary,
  body: {
    kind: 'onnx',
    runsBy: 'item',
    dims({ inputs: { pixels } }) {
      const { views = oneView } = pixels;
      if (!isClip(pixels)) return {};
      return { [framePairs]: views.views / itemsOf(views) / framesInPatch };
    },
    emit(g, { pixels }, context) {
      const { params: values, inputs } = context;
      const shape = sizes.shapeOf(values);
      const patches = embedFrames(g, pixels, shape, isClip(inputs.pixels)); // [B, N, D]
      const layers = qwenLayers(g, shape, patchGrid(inputs.pixels, shape));
      return tower.outputs(g, patches, layers, context);
    },
  },
});
