/** Encoders that work in stages, each on a coarser map: further rows of the family `encoder`. */
import type { JsonObject } from '#engine/contract/config-files.ts';
import type { CaseRow } from './case-row.ts';
import { stageKeys } from './timm-keys.ts';

/** FastViT's cases: stages, what tells them apart, and figures beside those of the stages. */
const fastVitCases: readonly (readonly [
  name: string,
  stages: number,
  params: JsonObject,
  paramKeys?: Readonly<Record<string, readonly string[]>>,
])[] = [
  ['fastvit', 4, { branches: 'trained' }],
  ['fastvit-fused', 4, {}],
  ['fastvit-hd', 5, { attentionStages: 2, attentionNorm: 'layer', activatedHalving: true }],
  [
    'mobileclip-mci',
    4,
    { branches: 'trained', attentionStages: 1, excitedStages: 2, activatedHalving: true },
    { projectionSize: ['num_classes'] },
  ],
];

/** What the cases call the figures of both MobileViTs. */
const mobileVitKeys = {
  ...stageKeys('width', 'channels', 5),
  depth1: ['inverted_residual_depths.0'],
  depth2: ['inverted_residual_depths.1'],
  depth3: ['transformer_depths.0'],
  depth4: ['transformer_depths.1'],
  depth5: ['transformer_depths.2'],
  stemWidth: ['stem'],
  expansion: ['inverted_residual_ratio'],
};

export const stagedEncoderRows: readonly CaseRow[] = [
  {
    family: 'encoder',
    modelTypes: ['convnext', 'convnextv2'],
    kind: 'nodes',
    nodes: [{ type: 'encoder/convnext' }],
    inputs: { pixel_values: 'pixels' },
    outputs: {
      last_hidden_state: { read: 'map' },
      stage_2: { read: 'map', params: { featureStage: -3 } },
      pooler_output: { params: { select: 'pooled' } },
    },
  },
  {
    family: 'encoder',
    modelTypes: ['dinov3_convnext'],
    kind: 'nodes',
    nodes: [{ type: 'encoder/convnext' }],
    inputs: { pixel_values: 'pixels' },
    outputs: {
      last_hidden_state: { params: { select: 'all' } },
      pooler_output: { params: { select: 'pooled' } },
    },
  },
  ...(['timm-convnext', 'timm-convnextv2'] as const).map((name): CaseRow => {
    const weighing = name === 'timm-convnext' ? 'layer-scale' : 'response-norm';
    return {
      family: 'encoder',
      names: [name],
      kind: 'nodes',
      nodes: [
        {
          type: 'encoder/convnext',
          params: { model: 'custom', weighing },
          paramKeys: { ...stageKeys('width', 'dims', 4), ...stageKeys('depth', 'depths', 4) },
        },
      ],
      inputs: { pixel_values: 'pixels' },
      outputs: {
        features: { read: 'map' },
        pooled: { params: { select: 'pooled' } },
      },
    };
  }),
  ...fastVitCases.map(([name, count, params, paramKeys]): CaseRow => ({
    family: 'encoder',
    names: [name],
    kind: 'nodes',
    nodes: [
      {
        type: 'encoder/fastvit',
        params: { model: 'custom', ...params },
        paramKeys: {
          ...stageKeys('width', 'embed_dims', count),
          ...stageKeys('depth', 'layers', count),
          expansion: ['mlp_ratios.0'],
          ...paramKeys,
        },
      },
    ],
    inputs: { pixel_values: 'pixels' },
    outputs: {
      features: { read: 'map' },
      stage_1: { read: 'map', params: { featureStage: 1 - count } },
      pooled: { params: { select: paramKeys ? 'projected' : 'pooled' } },
    },
  })),
  {
    family: 'encoder',
    names: ['mobileclip-vit'],
    kind: 'nodes',
    nodes: [
      {
        type: 'encoder/mobileclip-vit',
        params: { model: 'custom' },
        paramKeys: {
          imageSize: ['img_size'],
          hiddenSize: ['embed_dim'],
          layerCount: ['depth'],
          headCount: ['num_heads'],
          feedForwardSize: ['embed_dim', 'mlp_ratio'],
          projectionSize: ['num_classes'],
        },
      },
    ],
    inputs: { pixel_values: 'pixels' },
    outputs: {
      features: { params: { featureLayer: -1, select: 'all' } },
      embeds: { params: { select: 'projected' } },
    },
  },
  ...(['b', 'l'] as const).map((series): CaseRow => ({
    family: 'encoder',
    names: [`efficientvit-${series}`],
    kind: 'nodes',
    nodes: [
      {
        type: 'encoder/efficientvit',
        params: { model: 'custom', series },
        paramKeys: {
          ...stageKeys('width', 'widths', 5),
          ...stageKeys('depth', 'depths', 5),
          ...stageKeys('headWidth', 'head_widths', 2),
          headSize: ['head_dim'],
          classCount: ['num_classes'],
        },
      },
    ],
    inputs: { pixel_values: 'pixels' },
    outputs: {
      features: { read: 'map' },
      stage_1: { read: 'map', params: { featureStage: -3 } },
      logits: { params: { select: 'classes' } },
    },
  })),
  {
    family: 'encoder',
    names: ['efficientvit-msra'],
    kind: 'nodes',
    nodes: [
      {
        type: 'encoder/efficientvit-msra',
        params: { model: 'custom' },
        paramKeys: {
          ...stageKeys('width', 'embed_dim', 3),
          ...stageKeys('depth', 'depth', 3),
          ...stageKeys('heads', 'num_heads', 3),
          ...stageKeys('kernel', 'kernels', 3),
          imageSize: ['img_size'],
          keySize: ['key_dim.0'],
          window: ['window_size.0'],
        },
      },
    ],
    inputs: { pixel_values: 'pixels' },
    outputs: { features: { read: 'map' }, pooled: { params: { select: 'pooled' } } },
  },
  {
    family: 'encoder',
    names: ['timm-mobilevit'],
    kind: 'nodes',
    nodes: [
      {
        type: 'encoder/mobilevit',
        params: { model: 'custom' },
        paramKeys: {
          ...mobileVitKeys,
          tokenWidth3: ['transformer_dims.0'],
          tokenWidth4: ['transformer_dims.1'],
          tokenWidth5: ['transformer_dims.2'],
          headCount: ['num_heads'],
          feedForwardRatio: ['mlp_ratio'],
          finalWidth: ['num_features'],
        },
      },
    ],
    inputs: { pixel_values: 'pixels' },
    outputs: { features: { read: 'map' }, pooled: { params: { select: 'pooled' } } },
  },
  {
    family: 'encoder',
    names: ['timm-mobilevitv2'],
    kind: 'nodes',
    nodes: [
      {
        type: 'encoder/mobilevitv2',
        params: { model: 'custom' },
        paramKeys: { ...mobileVitKeys, bottleneck: ['transformer_bottleneck_ratio'] },
      },
    ],
    inputs: { pixel_values: 'pixels' },
    outputs: { features: { read: 'map' }, pooled: { params: { select: 'pooled' } } },
  },
];
