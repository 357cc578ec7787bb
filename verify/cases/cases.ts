/** Which node runs which recorded case: a case of a family that is here already costs a row, or nothing. */
import type { CaseRow, LanguageSource } from './case-row.ts';

const languageOutputs: Readonly<Record<string, LanguageSource>> = {
  logits: 'logits',
  embeddings: 'tap.embeddings',
  block_0: 'tap.block.0',
  greedy_ids: 'greedy.ids',
  step_logits: 'greedy.logits',
};

/** What timm calls the figures of a vision transformer. */
const timmKeys = {
  patchSize: ['patch_size'],
  hiddenSize: ['embed_dim'],
  layerCount: ['depth'],
  headCount: ['num_heads'],
  feedForwardSize: ['embed_dim', 'mlp_ratio'],
} as const;

/** VTW, where words are counted anew behind the layer. */
const whenReset = (source: LanguageSource) => ({
  source,
  partParams: { acceleration: { positions: 'reset' } },
});

const projected = {
  inputs: { image_features: 'tokens' },
  outputs: { image_features: {} },
} as const;

/** Figures of one of several towers, as timm calls them. */
const timmTower = (name: string) => ({
  imageSize: ['image_size'],
  patchSize: ['patch_size'],
  hiddenSize: [`${name}.embed_dim`],
  layerCount: [`${name}.depth`],
  headCount: [`${name}.num_heads`],
  feedForwardSize: [`${name}.embed_dim`, `${name}.mlp_ratio`],
});

const pictures = {
  media: 'image',
  pixels: 'pixel_values',
  token: 'image_token_index',
  features: 'image_features',
} as const;

/** The first row that fits a case is its own. */
export const caseRows: readonly CaseRow[] = [
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
    family: 'moe',
    names: ['mixtral-block'],
    kind: 'feed-forward',
    node: { type: 'moe/feed-forward' },
    input: 'hidden_states',
    outputs: { hidden_states: 'output', router_logits: 'router-logits' },
  },
  {
    family: 'moe',
    modelTypes: ['mixtral'],
    kind: 'language',
    node: { type: 'language/decoder' },
    parts: { feedForward: { type: 'moe/feed-forward' } },
    outputs: languageOutputs,
  },
  {
    family: 'attention',
    names: ['linformer'],
    kind: 'attention',
    node: {
      type: 'acceleration/linformer',
      paramKeys: { projected: ['k'], tokens: ['seq_len'] },
    },
    hiddenSize: 'dim',
    headCount: 'heads',
    projections: { query: 'to_q', key: 'to_k', value: 'to_v', output: 'to_out' },
    outputs: {
      y: { tokens: 'x', memory: 'x' },
      y_short: { tokens: 'x_short', memory: 'x_short' },
      y_context: { tokens: 'x', memory: 'context' },
    },
  },
  {
    family: 'acceleration',
    names: ['fastv'],
    kind: 'language',
    node: { type: 'language/decoder' },
    parts: { acceleration: { type: 'acceleration/fastv' } },
    visual: { start: 'image_token_start_index', count: 'image_token_length' },
    outputs: {
      // hidden<i> enters layer i; the last one has passed the final norm.
      hidden0: 'tap.embeddings',
      hidden1: 'tap.block.0',
      hidden2: 'tap.block.1',
      hidden3: 'tap.block.2',
      hidden4: 'tap.final',
      image_scores: 'tap.scores',
      kept_positions: 'tap.kept',
      logits: 'logits',
      greedy_tokens: 'greedy.ids',
      greedy_logits: 'greedy.logits',
    },
  },
  {
    family: 'acceleration',
    names: ['vtw'],
    kind: 'language',
    node: { type: 'language/decoder' },
    parts: { acceleration: { type: 'acceleration/vtw', paramKeys: { layer: ['k'] } } },
    visual: { start: 'system_token_nums', count: 'image_token_nums' },
    outputs: {
      hidden0: 'tap.embeddings',
      hidden1: 'tap.block.0',
      hidden2: 'tap.block.1',
      hidden3: 'tap.block.2',
      keep_last_hidden: 'tap.final',
      keep_logits: 'logits',
      keep_greedy_tokens: 'greedy.ids',
      keep_greedy_logits: 'greedy.logits',
      keep_cache_lengths: 'cache.lengths',
      reset_last_hidden: whenReset('tap.final'),
      reset_logits: whenReset('logits'),
      reset_greedy_tokens: whenReset('greedy.ids'),
      reset_greedy_logits: whenReset('greedy.logits'),
      reset_cache_lengths: whenReset('cache.lengths'),
    },
  },
  {
    family: 'slm',
    kind: 'language',
    node: { type: 'language/decoder' },
    outputs: languageOutputs,
  },
  {
    family: 'preprocess',
    names: ['llava-next-anyres', 'llava-onevision-anyres'],
    kind: 'preprocess',
    node: { type: 'vision/anyres-tiles' },
  },
  {
    family: 'ssm',
    names: ['cobra-featurizer'],
    kind: 'graph',
    nodes: {
      dino: {
        type: 'encoder/dinov2',
        params: { model: 'custom', positions: 'timm', registerCount: 4 },
        paramKeys: timmTower('dino'),
      },
      siglip: {
        type: 'encoder/siglip',
        params: { model: 'custom', activation: 'gelu' },
        paramKeys: timmTower('siglip'),
      },
      join: { type: 'fusion/channel-join' },
      projector: {
        type: 'projector/mlp',
        // Four times the joined width, 24 + 32.
        params: { depth: 3, hiddenWidth: 224 },
        paramKeys: { laterWidth: ['llm_dim'], outputWidth: ['llm_dim'] },
      },
    },
    wires: [
      'dino.tokens > join.tokens',
      'siglip.tokens > join.tokens',
      'join.tokens > projector.tokens',
    ],
    inputs: { pixel_values_dino: 'dino.pixels', pixel_values_siglip: 'siglip.pixels' },
    outputs: { features: { node: 'join' }, projected: {} },
  },
  {
    family: 'ssm',
    names: ['mamba1'],
    kind: 'mixer',
    node: {
      type: 'language/mamba',
      params: { model: 'custom' },
      paramKeys: {
        hiddenSize: ['d_model'],
        innerSize: ['d_inner'],
        stateSize: ['d_state'],
        kernelSize: ['d_conv'],
        stepRank: ['dt_rank'],
      },
    },
    input: 'x',
    promptLength: 'prefill_length',
    outputs: {
      y: { value: 'output' },
      conv_state: { value: 'convolved', after: 'prompt' },
      ssm_state: { value: 'memory', after: 'prompt' },
      conv_state_end: { value: 'convolved', after: 'end' },
      ssm_state_end: { value: 'memory', after: 'end' },
    },
  },
  {
    family: 'ssm',
    names: ['mamba-lm'],
    kind: 'language',
    node: { type: 'language/mamba' },
    outputs: { logits: 'logits', greedy_tokens: 'greedy.ids' },
  },
  {
    family: 'ssm',
    modelTypes: ['mamba'],
    kind: 'language',
    node: { type: 'language/mamba' },
    outputs: {
      ...languageOutputs,
      // The library's hidden states of Mamba begin behind the first block, not before it.
      embeddings: 'tap.block.0',
      block_0: 'tap.block.1',
    },
  },
  { family: 'preprocess', kind: 'preprocess', node: { type: 'vision/preprocess' } },
  {
    family: 'compression',
    names: ['anyres-grid'],
    kind: 'grid',
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
  {
    family: 'projector',
    names: ['llava-next-pack'],
    kind: 'packing',
    node: { type: 'projector/anyres-pack' },
    tokens: ['image_features'],
    sizes: { name: 'image_sizes', order: 'height, width' },
    outputs: {
      packed: { params: {}, read: 'run' },
      feature_lens: { params: {}, read: 'length' },
    },
  },
  { family: 'tokenizer', kind: 'tokenizer' },
  {
    family: 'pipeline',
    modelTypes: ['llava'],
    kind: 'pipeline',
    ways: [
      {
        ...pictures,
        preprocess: { type: 'vision/preprocess' },
        vision: [
          [{ type: 'encoder/clip-vit' }, { type: 'encoder/siglip' }],
          [{ type: 'projector/mlp' }],
        ],
      },
    ],
    language: { type: 'language/decoder' },
  },
  {
    family: 'pipeline',
    modelTypes: ['llava_next'],
    kind: 'pipeline',
    ways: [
      {
        ...pictures,
        preprocess: { type: 'vision/anyres-tiles' },
        vision: [
          [{ type: 'encoder/clip-vit' }],
          [{ type: 'projector/mlp' }],
          [{ type: 'projector/anyres-pack' }],
        ],
      },
    ],
    language: { type: 'language/decoder' },
  },
  {
    family: 'pipeline',
    modelTypes: ['video_llava'],
    kind: 'pipeline',
    ways: [
      {
        ...pictures,
        pixels: 'pixel_values_images',
        preprocess: { type: 'vision/preprocess' },
        vision: [[{ type: 'encoder/clip-vit' }], [{ type: 'projector/mlp' }]],
      },
      {
        media: 'video',
        pixels: 'pixel_values_videos',
        token: 'video_token_index',
        preprocess: { type: 'vision/preprocess' },
        vision: [
          [{ type: 'encoder/clip-vit', params: { tower: 'clips' } }],
          [{ type: 'projector/mlp' }],
        ],
      },
    ],
    language: { type: 'language/decoder' },
  },
];

export function rowFor(
  rows: readonly CaseRow[],
  of: { readonly family: string; readonly name: string; readonly modelType: unknown },
): CaseRow | undefined {
  return rows.find(
    ({ family, names, modelTypes }) =>
      family === of.family &&
      (names === undefined || names.includes(of.name)) &&
      (modelTypes === undefined || modelTypes.some((type) => type === of.modelType)),
  );
}
