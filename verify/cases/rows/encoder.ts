/** Vision towers: the rows of the family `encoder`. */
import type { CaseRow } from './case-row.ts';
import { timmKeys } from './timm-keys.ts';

export const encoderRows: readonly CaseRow[] = [
  {
    family: 'encoder',
    modelTypes: ['clip_vision_model'],
    kind: 'nodes',
    nodes: [{ type: 'encoder/clip-vit', params: { positions: 'interpolated' } }],
    inputs: { pixel_values: 'pixels' },
    outputs: {
      last_hidden_state: { params: { featureLayer: -1, select: 'all' } },
      penultimate_hidden_state: { params: { featureLayer: -2, select: 'all' } },
      pooler_output: { params: { select: 'pooled' } },
      image_embeds: { params: { select: 'projected' } },
    },
  },
  {
    family: 'encoder',
    modelTypes: ['dinov2', 'dinov2_with_registers'],
    kind: 'nodes',
    nodes: [{ type: 'encoder/dinov2' }],
    inputs: { pixel_values: 'pixels' },
    outputs: {
      last_hidden_state: { params: { featureLayer: -1, select: 'all' } },
      penultimate_hidden_state: { params: { featureLayer: -2, select: 'all' } },
      pooler_output: { params: { select: 'pooled' } },
    },
  },
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
    modelTypes: ['vit'],
    kind: 'nodes',
    nodes: [{ type: 'encoder/vit', params: { positions: 'interpolated' } }],
    inputs: { pixel_values: 'pixels' },
    outputs: {
      last_hidden_state: { params: { featureLayer: -1, select: 'all' } },
      penultimate_hidden_state: { params: { featureLayer: -2, select: 'all' } },
      pooler_output: { params: { select: 'pooled' } },
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
    modelTypes: ['siglip_vision_model'],
    kind: 'nodes',
    nodes: [{ type: 'encoder/siglip', params: { positions: 'interpolated' } }],
    inputs: { pixel_values: 'pixels' },
    outputs: {
      last_hidden_state: { params: { featureLayer: -1 } },
      penultimate_hidden_state: { params: { featureLayer: -2 } },
      pooler_output: { params: { select: 'pooled' } },
    },
  },
];
