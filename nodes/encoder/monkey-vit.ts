/** Monkey's eyes: Qwen-VL's tower, which sees each window of a large picture through adapters of its own. */
import { ok } from '#engine/contract/outcome.ts';
import { error, type Problem } from '#engine/contract/problem.ts';
import { size } from '#engine/node/architecture-params.ts';
import { viewsOfOneItem } from '#engine/node/item-views.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import type { WireOf } from '#engine/node/wire.ts';
import { patchGrid } from '#engine/onnx/blocks/patch-embedding.ts';
import { qwenVlEmbedding } from './layers/qwen-vl-layers.ts';
import { windowedLayers, type WindowedShape } from './layers/window-adapters.ts';
import { qwenVlLayouts } from './names/qwen-vl-names.ts';
import { exactQwenVl, qwenVlFromConfig } from './sizes/qwen-vl-config.ts';
import { describeTower } from './tower/tower-config.ts';
import { towerSizes } from './tower/tower-sizes.ts';
import { layerNormOf, transformerTower } from './tower/transformer-tower.ts';
import {
  activationParam,
  featureLayerParam,
  normEpsilonParam,
  shapeOfSize,
  transformerParams,
} from './tower/vision-transformer-params.ts';

const adapters = { attentionRank: 16, feedForwardRank: 32 } as const;

const sizes = towerSizes(
  { monkey: { label: 'Monkey, ViT-bigG/14', size: [448, 14, 1664, 48, 16, 8192] } },
  'monkey',
  ({ size: published }): WindowedShape => ({
    ...shapeOfSize(published, exactQwenVl),
    positionSide: 16,
    windowCount: 4,
    ...adapters,
  }),
);

const params = {
  model: sizes.param,
  featureLayer: { ...featureLayerParam, default: -1 },
  ...transformerParams,
  positionSide: size('Positions a side', 'Of the square of learned positions.', 16, 512),
  windowCount: size('Windows', 'Windows of a picture that have an adapter each.', 4, 144),
  attentionRank: size('Rank in attention', 'Channels inside the adapters of attention.', 16, 4096),
  feedForwardRank: size(
    'Rank beside the feed-forward',
    'Channels inside the adapters beside the feed-forward.',
    32,
    4096,
  ),
  activation: activationParam('gelu'),
  normEpsilon: normEpsilonParam(1e-6),
  ...weightParams,
} as const;

type MonkeyParams = ParamValues<typeof params>;

const tower = transformerTower<MonkeyParams, WindowedShape>({
  title: "Monkey's tower",
  shapeOf: sizes.shapeOf,
  prefixTokens: () => 0,
  positions: () => 'interpolated',
  norm: layerNormOf,
  finalNorm: () => null,
  choices: { patches: { leaves: 'patches' } },
  check: (values, _, pixels) => windowsProblem(sizes.shapeOf(values), pixels),
});

export const monkeyVit = defineNode({
  type: 'encoder/monkey-vit',
  version: 1,
  family: 'encoder',
  title: 'Monkey ViT',
  about:
    "Qwen-VL's tower, taught to see four windows of a picture of 896 pixels without being trained anew: each window has thin " +
    'adapters of its own beside the matrices of every layer, and the whole picture, which comes behind the windows, has none. ' +
    'The adapters are small; that five views go through the tower is what it costs. Wire Tiles at several scales, 2 and then 1, ' +
    'before it.',
  references: [
    {
      title:
        'Monkey: Image Resolution and Text Label Are Important Things for Large Multi-modal Models',
      url: 'https://arxiv.org/abs/2311.06607',
    },
  ],
  params,
  inputs: { pixels: { kind: 'pixels', title: 'Pixels of windows and whole' } },
  outputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  fromConfig(files) {
    const found = qwenVlFromConfig(files, ['monkey']);
    if (!found.ok) return found;
    const { title, shape, windowCount } = found.value;
    return ok({
      params: { ...sizes.paramsFor({ ...shape, windowCount, ...adapters }), featureLayer: -1 },
      took: [title, ...describeTower(shape), `${windowCount} windows`],
      file: 'config.json',
    });
  },
  keyLayouts: (values) => qwenVlLayouts(tower.extentOf(values)),
  demand: tower.demand,
  infer: tower.infer,
  layers: sizes.layers,
  summary: sizes.summary,
  body: {
    kind: 'onnx',
    // Windows are told apart by their place among the views of one picture.
    runsBy: 'item',
    emit(g, { pixels }, context) {
      const shape = sizes.shapeOf(context.params);
      const grid = patchGrid(context.inputs.pixels, shape);
      const embedded = qwenVlEmbedding(g, pixels, shape, grid); // [B, N, D]
      return tower.outputs(g, embedded, windowedLayers(g, shape), { ...context, parts: [] });
    },
  },
});

function windowsProblem({ windowCount }: WindowedShape, pixels: WireOf<'pixels'>): Problem | null {
  const { expected, most } = viewsOfOneItem(pixels);
  const wanted = windowCount + 1;
  if (expected === wanted && most === wanted) return null;
  const message = `Monkey's tower sees ${windowCount} windows of each picture and then the whole, ${wanted} views, and it is given ${expected}; wire Tiles at several scales before it.`;
  return error('dimension-mismatch', message, { port: 'pixels' });
}
