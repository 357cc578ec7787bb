/** Projectors whose queries look at the tokens, and mergers: rows of the family `projector`. */
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

export const resamplerRows: readonly CaseRow[] = [
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
];
