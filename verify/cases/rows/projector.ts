/** Projectors that keep or pool tokens: rows of the family `projector`. */
import type { CaseRow } from './case-row.ts';

const projected = {
  inputs: { image_features: 'tokens' },
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
    names: ['llava-onevision-pool'],
    kind: 'nodes',
    nodes: [{ type: 'compression/bilinear-pool', paramKeys: {} }],
    ...projected,
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
