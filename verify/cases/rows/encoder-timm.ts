/** Vision towers as timm records them: rows of the family `encoder`. */
import type { CaseRow } from './case-row.ts';
import { timmKeys, timmSizes } from './timm-keys.ts';

export const encoderTimmRows: readonly CaseRow[] = [
  {
    family: 'encoder',
    names: ['timm-dinov2-reg'],
    kind: 'nodes',
    nodes: [
      {
        type: 'encoder/dinov2',
        params: { model: 'custom', positions: 'timm', registerCount: 4 },
        paramKeys: { ...timmKeys, imageSize: ['img_size'] },
      },
    ],
    inputs: { pixel_values: 'pixels' },
    outputs: {
      features: { params: { featureLayer: -1, select: 'all' } },
      penultimate_patches: { params: { featureLayer: -2, select: 'patches' } },
      pooled: { params: { select: 'pooled' } },
    },
  },
  {
    family: 'encoder',
    names: ['timm-vit'],
    kind: 'nodes',
    nodes: [
      {
        type: 'encoder/vit',
        params: { model: 'custom', imageSize: 32, imageWidth: 48, normEpsilon: 1e-6 },
        paramKeys: timmKeys,
      },
    ],
    inputs: { pixel_values: 'pixels' },
    outputs: {
      features: { params: { featureLayer: -1, select: 'all' } },
      penultimate_patches: { params: { featureLayer: -2, select: 'patches' } },
      pooled: { params: { select: 'class' } },
    },
  },
  {
    family: 'encoder',
    names: ['timm-siglip'],
    kind: 'nodes',
    nodes: [
      {
        type: 'encoder/siglip',
        params: { model: 'custom', activation: 'gelu', feedForwardSize: 57 },
        paramKeys: { ...timmSizes, imageSize: ['img_size'] },
      },
    ],
    inputs: { pixel_values: 'pixels' },
    outputs: {
      features: { params: { featureLayer: -1 } },
      penultimate_patches: { params: { featureLayer: -2 } },
      pooled: { params: { select: 'pooled' } },
    },
  },
  {
    family: 'encoder',
    names: ['timm-vit-clip-quickgelu'],
    kind: 'nodes',
    nodes: [
      {
        type: 'encoder/clip-vit',
        params: { model: 'custom' },
        paramKeys: { ...timmKeys, imageSize: ['img_size'] },
      },
    ],
    inputs: { pixel_values: 'pixels' },
    outputs: {
      features: { params: { select: 'normed' } },
      penultimate_patches: { params: { featureLayer: -2, select: 'patches' } },
      pooled: { params: { select: 'pooled' } },
    },
  },
  {
    family: 'encoder',
    names: ['timm-eva-giant'],
    kind: 'nodes',
    nodes: [
      {
        type: 'encoder/eva',
        params: { model: 'custom', finalNorm: 'single', feedForwardSize: 84 },
        paramKeys: { ...timmSizes, imageSize: ['img_size'] },
      },
    ],
    inputs: { pixel_values: 'pixels' },
    outputs: {
      features: { params: { select: 'all' } },
      pooled: { params: { select: 'mean' } },
    },
  },
  {
    family: 'encoder',
    names: ['timm-eva02'],
    kind: 'nodes',
    nodes: [
      {
        type: 'encoder/eva02',
        params: { model: 'custom', finalNorm: 'single', rotaryGrid: 4, feedForwardSize: 96 },
        paramKeys: { ...timmSizes, imageSize: ['img_size'] },
      },
    ],
    inputs: { pixel_values: 'pixels' },
    outputs: {
      features: { params: { select: 'all' } },
      pooled: { params: { select: 'mean' } },
    },
  },
  {
    family: 'encoder',
    names: ['timm-eva02-clip'],
    kind: 'nodes',
    nodes: [
      {
        type: 'encoder/eva02',
        params: { model: 'custom', innerNorms: 'both', rotaryGrid: 3, feedForwardSize: 85 },
        paramKeys: { ...timmSizes, imageSize: ['img_size'] },
      },
    ],
    inputs: { pixel_values: 'pixels' },
    outputs: {
      features: { params: { select: 'all' } },
      pooled: { params: { select: 'class' } },
    },
  },
  {
    family: 'encoder',
    names: ['timm-swin'],
    kind: 'nodes',
    nodes: [
      {
        type: 'encoder/swin',
        params: { model: 'custom', depths: '2, 2', headCounts: '2, 4' },
        paramKeys: {
          imageSize: ['img_size'],
          patchSize: ['patch_size'],
          windowSize: ['window_size'],
          hiddenSize: ['embed_dim'],
          feedForwardRatio: ['mlp_ratio'],
        },
      },
    ],
    inputs: { pixel_values: 'pixels' },
    outputs: { features: { read: 'grid' }, pooled: { params: { select: 'mean' } } },
  },
  {
    family: 'encoder',
    names: ['timm-samvit'],
    kind: 'nodes',
    nodes: [
      {
        type: 'encoder/sam-vit',
        params: { model: 'custom', normEpsilon: 1e-5, globalEvery: 2 },
        paramKeys: {
          ...timmKeys,
          imageSize: ['img_size'],
          windowSize: ['window_size'],
          outputSize: ['neck_chans'],
        },
      },
    ],
    inputs: { pixel_values: 'pixels' },
    outputs: { features: { read: 'map' } },
  },
  {
    family: 'encoder',
    names: ['vitamin'],
    kind: 'nodes',
    nodes: [
      {
        type: 'encoder/vitamin',
        params: { model: 'custom', stemSize: 8, secondSize: 16, firstCount: 1, secondCount: 2 },
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
      features: { params: { featureLayer: -1 } },
      logits: { params: { select: 'projected' } },
    },
  },
];
