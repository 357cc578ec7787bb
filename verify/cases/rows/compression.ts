/** Nodes that leave fewer tokens: the rows of the family `compression`. */
import type { CaseRow } from './case-row.ts';
import { timmKeys } from './timm-keys.ts';

export const compressionRows: readonly CaseRow[] = [
  {
    family: 'compression',
    names: ['tome', 'tome-cls'],
    kind: 'merging',
    counts: 'r',
    classToken: 'class_token',
  },
  {
    family: 'compression',
    names: ['tome-vit'],
    kind: 'nodes',
    nodes: [
      {
        type: 'encoder/vit',
        params: { model: 'custom', featureLayer: -1, select: 'all' },
        paramKeys: {
          ...timmKeys,
          imageSize: ['image_size'],
          normEpsilon: ['layer_norm_eps'],
        },
        // Its list r.
        parts: { parts: { type: 'compression/tome', params: { merged: '5, 5, 5' } } },
      },
    ],
    inputs: { pixel_values: 'pixels' },
    outputs: { tokens: {}, size: { tap: 'size' }, source: { tap: 'source' } },
  },
  {
    family: 'compression',
    names: ['prumerge'],
    kind: 'nodes',
    nodes: [{ type: 'compression/prumerge', paramKeys: { neighbours: ['neighbours'] } }],
    inputs: { features: 'tokens', q: 'queryKey.query', k: 'queryKey.key' },
    outputs: {
      tokens: {},
      idx: { tap: 'kept' },
      num_selected: { tap: 'kept', read: 'count' },
      ratio: { tap: 'kept', read: 'share' },
    },
  },
  {
    family: 'compression',
    names: ['anyres-grid'],
    kind: 'grid',
    choice: 'fit',
    sizes: 'sizes_wh',
    outputs: {
      best_wh: 'fitted size',
      grid_wh: 'grid',
      unpadded_hw: 'unpadded size',
      first_index: 'first place',
    },
  },
  {
    family: 'compression',
    names: ['internvl-tiles'],
    kind: 'grid',
    choice: 'nearest',
    sizes: 'sizes_wh',
    outputs: { grid_wh: 'grid', num_tiles: 'views' },
  },
  {
    family: 'compression',
    names: ['uhd-slices'],
    kind: 'grid',
    choice: 'slices',
    sizes: 'sizes_wh',
    outputs: {
      grid_wh: 'grid',
      source_wh: 'whole size',
      slice_wh: 'tile size',
      num_slices: 'tiles',
    },
  },
  {
    family: 'compression',
    names: ['anyres-merge'],
    kind: 'packing',
    node: { type: 'projector/anyres-pack' },
    tokens: ['features0', 'features1', 'features2'],
    sizes: { name: 'image_sizes_wh', order: 'width, height' },
    prompt: { ids: 'input_ids', mask: 'attention_mask', table: 'model.embed_tokens.weight' },
    outputs: {
      embeds_spatial_unpad: { params: { packing: 'unpadded' }, read: 'prompt' },
      mask_spatial_unpad: { params: { packing: 'unpadded' }, read: 'mask' },
      embeds_spatial: { params: { packing: 'joined' }, read: 'prompt' },
      mask_spatial: { params: { packing: 'joined' }, read: 'mask' },
      embeds_flat: { params: { packing: 'tile-by-tile' }, read: 'prompt' },
      mask_flat: { params: { packing: 'tile-by-tile' }, read: 'mask' },
    },
  },
];
