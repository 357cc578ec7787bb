/** State-space models, and what Cobra puts before one: the rows of the family `ssm`. */
import type { CaseRow, LanguageRow, MixerRow } from './case-row.ts';
import { languageOutputs } from './language-outputs.ts';
import { timmTower } from './timm-keys.ts';

/** As the author of RWKV calls them. */
const rwkvFigures = {
  layerCount: ['n_layer'],
  hiddenSize: ['n_embd'],
  attentionSize: ['dim_att'],
  feedForwardSize: ['dim_ffn'],
  headSize: ['head_size'],
  normEpsilon: ['layer_norm_eps'],
} as const;
const mixerOutputs: MixerRow['outputs'] = {
  y: { value: 'output' },
  conv_state: { value: 'convolution', after: 'prompt' },
  ssm_state: { value: 'memory', after: 'prompt' },
  conv_state_end: { value: 'convolution', after: 'end' },
  ssm_state_end: { value: 'memory', after: 'end' },
};

const stateSpaceOutputs: LanguageRow['outputs'] = {
  ...languageOutputs,
  // The library's hidden states of these models, RWKV too, begin behind the first block, not before it.
  embeddings: 'tap.block.0',
  block_0: 'tap.block.1',
};

export const ssmRows: readonly CaseRow[] = [
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
    names: ['ssd'],
    kind: 'duality',
    inputs: { x: 'X', decay: 'A', write: 'B', read: 'C', past: 'initial_state' },
    outputs: {
      y: { value: 'output', from: 'past' },
      state: { value: 'state', from: 'past' },
      y_zero: { value: 'output', from: 'zeros' },
      state_zero: { value: 'state', from: 'zeros' },
    },
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
    outputs: mixerOutputs,
  },
  {
    family: 'ssm',
    names: ['mamba2'],
    kind: 'mixer',
    node: {
      type: 'language/mamba2',
      params: { model: 'custom' },
      paramKeys: {
        hiddenSize: ['d_model'],
        innerSize: ['nheads', 'headdim'],
        stateSize: ['d_state'],
        kernelSize: ['d_conv'],
        headSize: ['headdim'],
        groupCount: ['ngroups'],
        normGroupCount: ['ngroups'],
      },
    },
    input: 'x',
    promptLength: 'prefill_length',
    outputs: mixerOutputs,
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
    modelTypes: ['mamba', 'falcon_mamba'],
    kind: 'language',
    node: { type: 'language/mamba' },
    outputs: stateSpaceOutputs,
  },
  {
    family: 'ssm',
    modelTypes: ['jamba'],
    kind: 'language',
    node: { type: 'language/jamba' },
    outputs: languageOutputs,
  },
  {
    family: 'ssm',
    modelTypes: ['mamba2'],
    kind: 'language',
    node: { type: 'language/mamba2' },
    outputs: stateSpaceOutputs,
  },
  {
    family: 'ssm',
    modelTypes: ['rwkv'],
    kind: 'language',
    node: { type: 'language/rwkv' },
    outputs: stateSpaceOutputs,
  },
  {
    family: 'ssm',
    names: ['rwkv5'],
    kind: 'recurrent-blocks',
    node: {
      type: 'language/rwkv',
      params: { model: 'custom', generation: '5' },
      paramKeys: {
        ...rwkvFigures,
        // What a head reads is divided by a number before its norm, which the epsilon takes in as a square.
        headNormEpsilon: ['ln_x_eps', 'head_size_divisor', 'head_size_divisor'],
      },
    },
    input: 'x',
    outputs: {
      y: 'tap.final',
      att0: 'tap.time-mix.0',
      ffn0: 'tap.channel-mix.0',
      wkv_state0: 'new.0.memory',
      att1: 'tap.time-mix.1',
      ffn1: 'tap.channel-mix.1',
      wkv_state1: 'new.1.memory',
    },
  },
  {
    family: 'ssm',
    names: ['rwkv6'],
    kind: 'language',
    node: {
      type: 'language/rwkv',
      params: { model: 'custom', generation: '6' },
      paramKeys: {
        ...rwkvFigures,
        vocabularySize: ['vocab_size'],
        mixRank: ['mix_lora'],
        decayRank: ['decay_lora'],
        headNormEpsilon: ['ln_x_eps'],
      },
    },
    outputs: {
      logits: 'logits',
      att0: 'tap.time-mix.0',
      ffn0: 'tap.channel-mix.0',
      wkv_state0: 'new.0.memory',
      wkv_state1: 'new.1.memory',
    },
  },
];
