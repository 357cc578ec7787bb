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
        parts: {
          parts: { type: 'compression/tome', paramKeys: {}, params: { merged: '5, 5, 5' } },
        },
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
    names: ['prumerge-plus'],
    kind: 'nodes',
    nodes: [
      {
        type: 'compression/prumerge',
        params: { kept: 'outliers-and-spread' },
        paramKeys: { neighbours: ['neighbours'] },
      },
    ],
    inputs: { features: 'tokens', q: 'queryKey.query', k: 'queryKey.key' },
    outputs: {
      tokens: {},
      idx: { tap: 'kept' },
      num_selected: { tap: 'outliers', read: 'count' },
      ratio: { tap: 'outliers', read: 'share' },
    },
  },
  {
    family: 'compression',
    names: ['tinychart-tome'],
    kind: 'nodes',
    nodes: [
      {
        type: 'encoder/siglip',
        params: { model: 'custom', activation: 'gelu-tanh' },
        paramKeys: {
          imageSize: ['image_size'],
          patchSize: ['patch_size'],
          hiddenSize: ['hidden_size'],
          layerCount: ['num_hidden_layers'],
          headCount: ['num_attention_heads'],
          feedForwardSize: ['intermediate_size'],
          normEpsilon: ['layer_norm_eps'],
        },
        parts: { parts: { type: 'compression/tome' } },
      },
    ],
    inputs: { pixel_values: 'pixels' },
    // The last of four layers is left out, and so is the norm behind it.
    outputs: {
      hidden0: { params: { featureLayer: -5 } },
      hidden1: { params: { featureLayer: -4 } },
      hidden2: { params: { featureLayer: -3 } },
      hidden3: { params: { featureLayer: -2 } },
    },
  },
  {
    family: 'compression',
    names: ['mini-gemini'],
    kind: 'graph',
    nodes: {
      mining: { type: 'fusion/patch-mining' },
      projector: { type: 'projector/mlp' },
      tiles: { type: 'fusion/map-tiles', params: { side: 2, whole: false } },
      tileMining: { type: 'fusion/patch-mining' },
      tileProjector: { type: 'projector/mlp' },
      wholeTiles: { type: 'fusion/map-tiles', params: { side: 2, whole: true } },
      wholeMining: { type: 'fusion/patch-mining' },
      wholeProjector: { type: 'projector/mlp' },
    },
    wires: [
      'mining.tokens > projector.tokens',
      'tiles.tokens > tileMining.detail',
      'tileMining.tokens > tileProjector.tokens',
      'wholeTiles.tokens > wholeMining.detail',
      'wholeMining.tokens > wholeProjector.tokens',
    ],
    inputs: {
      features: 'mining.tokens',
      features_aux: { tensor: 'mining.detail', channels: 'first' },
      // The whole picture is recorded behind its tiles.
      features_grid: [
        { tensor: 'tileMining.tokens', views: [0, 1, 2, 3] },
        { tensor: 'wholeMining.tokens', views: [4, 0, 1, 2, 3] },
      ],
      features_aux_grid: [
        { tensor: 'tiles.tokens', channels: 'first' },
        { tensor: 'wholeTiles.tokens', channels: 'first' },
      ],
    },
    outputs: {
      mined: { node: 'mining', tap: 'mined' },
      tokens: { node: 'projector' },
      tokens_grid2: { node: 'tileProjector', read: 'run' },
      tokens_grid2_global: { node: 'wholeProjector', read: 'run' },
    },
  },
  {
    family: 'compression',
    names: ['llama-vid'],
    kind: 'nodes',
    nodes: [
      {
        type: 'compression/llama-vid',
        paramKeys: { inputWidth: ['mm_hidden_size'], outputWidth: ['hidden_size'] },
      },
    ],
    inputs: { features: 'tokens', text_query: 'queries' },
    outputs: {
      tokens_mean: { params: { content: 'mean' } },
      tokens_grid2: { params: { content: 'grid', side: 2 } },
    },
  },
  {
    family: 'compression',
    names: ['ma-lmm'],
    kind: 'nodes',
    nodes: [{ type: 'compression/memory-bank', paramKeys: { length: ['memory_bank_length'] } }],
    inputs: { frames: { tensor: 'tokens', views: 'all' } },
    outputs: Object.fromEntries(
      [1, 2, 3, 4, 5, 6, 7, 8].flatMap((frame) =>
        ['seen', 'bank', 'size'].map((part) => [`${part}${frame}`, { tap: `${part}${frame}` }]),
      ),
    ),
  },
  {
    family: 'compression',
    names: ['madtp'],
    kind: 'pruned-block',
    inputs: { tokens: 'x', slots: 'token_attn' },
    temperature: 'temperature',
    tokens: 'y',
    kept: 'kept',
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
