/** Projectors: the rows of the family `projector`. */
import type { CaseRow } from './case-row.ts';

const projected = {
  inputs: { image_features: 'tokens' },
  outputs: { image_features: {} },
} as const;

const resamplerKeys = {
  queryCount: ['num_queries'],
  hiddenSize: ['embed_dim'],
  headCount: ['num_heads'],
} as const;

const mergerKeys = {
  inputWidth: ['context_dim'],
  outputWidth: ['dim'],
  factor: ['spatial_merge_size'],
} as const;

/** Recorded group after group, as the tower orders its patches. */
const merged = {
  inputs: { image_features: { tensor: 'tokens', grids: { side: 'spatial_merge_size' } } },
  outputs: { image_features: {} },
} as const;

const packed = {
  tokens: ['image_features'],
  sizes: { name: 'image_sizes', order: 'height, width' },
  outputs: {
    packed: { params: {}, read: 'run' },
    feature_lens: { params: {}, read: 'length' },
  },
} as const;

export const projectorRows: readonly CaseRow[] = [
  {
    family: 'projector',
    names: ['llava-mlp', 'llava-mlp-multilayer'],
    figuresOf: 'llava',
    kind: 'nodes',
    nodes: [{ type: 'projector/mlp' }],
    ...projected,
  },
  {
    family: 'projector',
    names: ['vipllava'],
    figuresOf: 'vipllava',
    kind: 'nodes',
    nodes: [{ type: 'projector/mlp' }],
    ...projected,
  },
  {
    family: 'projector',
    names: ['janus-aligner'],
    figuresOf: 'janus',
    kind: 'nodes',
    nodes: [{ type: 'projector/mlp' }],
    ...projected,
  },
  {
    family: 'projector',
    names: ['lfm2-vl-unshuffle'],
    figuresOf: 'lfm2_vl',
    kind: 'nodes',
    nodes: [{ type: 'compression/pixel-shuffle' }, { type: 'projector/mlp' }],
    inputs: { image_features: 'tokens' },
    outputs: { image_features: { read: 'grid' } },
  },
  {
    family: 'projector',
    names: ['internvl-pixel-shuffle'],
    figuresOf: 'internvl',
    kind: 'nodes',
    nodes: [{ type: 'compression/pixel-shuffle' }, { type: 'projector/mlp' }],
    prefixTokens: 1,
    ...projected,
  },
  {
    family: 'projector',
    names: ['idefics3-pixel-shuffle', 'smolvlm-pixel-shuffle'],
    figuresOf: 'idefics3',
    kind: 'nodes',
    nodes: [{ type: 'compression/pixel-shuffle' }, { type: 'projector/linear' }],
    ...projected,
  },
  {
    family: 'projector',
    names: ['paligemma-linear'],
    figuresOf: 'paligemma',
    kind: 'nodes',
    nodes: [{ type: 'projector/linear' }],
    ...projected,
  },
  {
    family: 'projector',
    names: ['gemma3-pool'],
    figuresOf: 'gemma3',
    kind: 'nodes',
    nodes: [
      // Of what the pooling follows from, only the side of the grid is recorded.
      { type: 'compression/average-pool', paramKeys: {}, params: { kernel: 2 } },
      { type: 'projector/normed-linear' },
    ],
    ...projected,
  },
  {
    family: 'projector',
    names: ['qwen2-vl-merger'],
    kind: 'nodes',
    nodes: [{ type: 'projector/patch-merger', paramKeys: mergerKeys }],
    ...merged,
  },
  {
    family: 'projector',
    names: ['qwen2-5-vl-merger'],
    kind: 'nodes',
    nodes: [{ type: 'projector/patch-merger', paramKeys: mergerKeys, params: { norm: 'rms' } }],
    ...merged,
  },
  {
    family: 'projector',
    names: ['mistral3-merger'],
    figuresOf: 'mistral3',
    kind: 'nodes',
    nodes: [{ type: 'projector/mistral3-merger' }],
    inputs: {
      image_features: {
        tensor: 'tokens',
        grids: { sizes: 'image_sizes', patchSize: 'patch_size' },
      },
    },
    outputs: { image_features: {} },
  },
  {
    family: 'projector',
    names: ['llava-onevision-pool'],
    kind: 'nodes',
    nodes: [{ type: 'compression/bilinear-pool', paramKeys: {} }],
    ...projected,
  },
  {
    family: 'projector',
    names: ['blip2-qformer'],
    figuresOf: 'blip-2',
    kind: 'nodes',
    nodes: [{ type: 'projector/q-former' }],
    inputs: { image_features: 'tokens' },
    outputs: { query_output: { tap: 'queries' }, image_features: {} },
  },
  {
    family: 'projector',
    names: ['instructblip-qformer'],
    figuresOf: 'instructblip',
    kind: 'nodes',
    nodes: [{ type: 'projector/q-former' }],
    inputs: {
      image_features: 'tokens',
      qformer_input_ids: { tensor: 'instruction', keptBy: 'qformer_attention_mask' },
    },
    outputs: { query_output: { tap: 'queries' }, image_features: {} },
  },
  {
    family: 'projector',
    names: ['ldp'],
    kind: 'nodes',
    nodes: [{ type: 'projector/ldp' }],
    inputs: { x: 'tokens' },
    outputs: { y: {} },
  },
  {
    family: 'projector',
    names: ['perceiver-resampler'],
    kind: 'clips',
    node: {
      type: 'projector/perceiver-resampler',
      params: { model: 'custom' },
      paramKeys: {
        latentCount: ['num_latents'],
        hiddenSize: ['dim'],
        layerCount: ['depth'],
        headCount: ['heads'],
        headSize: ['dim_head'],
        feedForwardSize: ['dim', 'ff_mult'],
        frameCount: ['max_num_frames'],
        mediaCount: ['max_num_media'],
      },
    },
    input: 'x',
    output: 'y',
  },
  {
    family: 'projector',
    names: ['idefics-perceiver'],
    kind: 'nodes',
    nodes: [
      {
        type: 'projector/idefics-perceiver',
        params: { model: 'custom', headNorms: true },
        paramKeys: {
          latentCount: ['n_latents'],
          hiddenSize: ['embed_dim'],
          layerCount: ['depth'],
          headCount: ['n_heads'],
          headSize: ['head_dim'],
        },
      },
    ],
    ...projected,
  },
  {
    family: 'projector',
    names: ['idefics2-perceiver'],
    figuresOf: 'idefics2',
    kind: 'nodes',
    nodes: [{ type: 'projector/idefics2-perceiver' }],
    inputs: { image_features: { tensor: 'tokens', keptBy: 'attention_mask' } },
    outputs: { image_features: {} },
  },
  {
    family: 'projector',
    names: ['qwen-vl-resampler', 'minicpmv-resampler'],
    kind: 'nodes',
    nodes: [
      {
        type: 'projector/sincos-resampler',
        params: { model: 'custom', queryPlaces: true, patchPlaces: 'stretched' },
        paramKeys: resamplerKeys,
      },
    ],
    inputs: { x: 'tokens' },
    outputs: { y: {} },
  },
  {
    family: 'projector',
    names: ['uhd-resampler'],
    kind: 'nodes',
    nodes: [
      {
        type: 'projector/sincos-resampler',
        params: { model: 'custom', queryPlaces: false, patchPlaces: 'stretched' },
        paramKeys: resamplerKeys,
      },
    ],
    inputs: { x: { tensor: 'tokens', gridBy: 'tgt_size' } },
    outputs: { y: {} },
  },
  {
    family: 'projector',
    names: ['minicpmv26-resampler'],
    kind: 'nodes',
    nodes: [
      {
        type: 'projector/sincos-resampler',
        params: { model: 'custom', queryPlaces: false, patchPlaces: 'counted' },
        paramKeys: resamplerKeys,
      },
    ],
    inputs: { x: { tensor: 'tokens', gridBy: 'tgt_sizes' } },
    outputs: { y: {} },
  },
  {
    family: 'projector',
    names: ['tokenpacker'],
    kind: 'nodes',
    nodes: [
      {
        type: 'projector/tokenpacker',
        paramKeys: {
          outputWidth: ['hidden_size'],
          scale: ['scale_factor'],
          innerWidth: ['embed_dim'],
          headCount: ['num_heads'],
        },
      },
    ],
    inputs: { x: 'tokens', x_multi: 'levels' },
    outputs: { y: {} },
  },
  {
    family: 'projector',
    names: ['ldpv2'],
    kind: 'nodes',
    nodes: [
      {
        type: 'projector/ldp-v2',
        paramKeys: {
          inputWidth: ['mm_hidden_size'],
          outputWidth: ['hidden_size'],
          side: ['pool.0'],
        },
      },
    ],
    inputs: { x: 'tokens' },
    outputs: { y: {} },
  },
  {
    family: 'projector',
    names: ['regstage'],
    kind: 'nodes',
    nodes: [
      {
        type: 'projector/regstage',
        params: { stage: 'before' },
        paramKeys: { inputWidth: ['in_chs'], outputWidth: ['out_chs'], depth: ['depth'] },
      },
      // The pool to 3 × 3 of what is 6 × 6.
      { type: 'compression/average-pool', params: { kernel: 2 }, paramKeys: {} },
      {
        type: 'projector/regstage',
        params: { stage: 'behind' },
        paramKeys: { inputWidth: ['out_chs'], outputWidth: ['out_chs'], depth: ['depth'] },
      },
    ],
    inputs: { feature_map: { tensor: 'tokens', channels: 'first' } },
    outputs: { feature_map: { read: 'map' } },
  },
  {
    family: 'projector',
    names: ['c-abstractor'],
    kind: 'nodes',
    nodes: [{ type: 'projector/c-abstractor' }],
    inputs: { x: 'tokens' },
    outputs: { y: {} },
  },
  {
    family: 'projector',
    names: ['d-abstractor'],
    kind: 'nodes',
    nodes: [{ type: 'projector/d-abstractor' }],
    inputs: { x: 'tokens' },
    outputs: { y: {} },
  },
  {
    family: 'projector',
    names: ['deformable-decoder-layer'],
    kind: 'deformable-layer',
    node: {
      type: 'projector/d-abstractor',
      paramKeys: {
        hiddenSize: ['d_model'],
        headCount: ['heads'],
        pointCount: ['n_points'],
        feedForwardSize: ['ffn_dim'],
      },
    },
    inputs: {
      state: 'queries',
      positions: 'query_pos',
      references: 'reference_points',
      tokens: 'values',
    },
    grid: 'grid',
    layer: 'layer',
    output: 'queries',
  },
  {
    family: 'projector',
    names: ['vss-ss2d'],
    kind: 'nodes',
    nodes: [
      {
        type: 'projector/ss2d',
        params: { routes: 'cross' },
        paramKeys: { stateSize: ['d_state'], expansion: ['ssm_ratio'] },
      },
    ],
    inputs: { x: 'tokens' },
    outputs: { y: { read: 'grid' } },
  },
  {
    family: 'projector',
    names: ['llava-next-pack'],
    kind: 'packing',
    node: { type: 'projector/anyres-pack' },
    ...packed,
  },
  {
    family: 'projector',
    names: ['llava-onevision-pack'],
    kind: 'packing',
    // Its vision_aspect_ratio, anyres_max_4.
    node: { type: 'projector/anyres-pack', params: { mostTiles: 4 } },
    ...packed,
  },
];
