/** What projectors and shuffles take from the configurations of whole models. */
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '#engine/contract/config-files.ts';
import { config, refusal, taken } from '#verify/taking-config.testing.ts';
import { catalogue } from '../index.ts';

describe('projectors and shuffles', () => {
  const text_config = { hidden_size: 40 };
  const vision_config = { hidden_size: 16 };
  it.each([
    [
      'projector/mlp',
      { model_type: 'internvl', downsample_ratio: 0.5 },
      { inputWidth: 64, inputNorm: true },
    ],
    [
      'projector/mlp',
      { model_type: 'lfm2_vl', projector_hidden_size: 52 },
      { inputWidth: 64, hiddenWidth: 52 },
    ],
    [
      'projector/mlp',
      { model_type: 'llava', vision_feature_layer: [-2, -5] },
      { inputWidth: 32, outputWidth: 40 },
    ],
    [
      'projector/mlp',
      { mm_projector_type: 'mlp3x_gelu', mm_hidden_size: 8 },
      { inputWidth: 8, depth: 3 },
    ],
    [
      'projector/linear',
      { model_type: 'smolvlm', scale_factor: 4 },
      { inputWidth: 256, bias: false },
    ],
    [
      'projector/linear',
      { mm_projector_type: 'linear', mm_hidden_size: 8 },
      { inputWidth: 8, bias: true },
    ],
    [
      'projector/ldp',
      { mm_projector_type: 'ldpnet', mm_hidden_size: 1024, hidden_size: 2048 },
      { inputWidth: 1024, outputWidth: 2048 },
    ],
    [
      'projector/ldp-v2',
      { mm_projector_type: 'ldpnetv2', mm_hidden_size: 1024, hidden_size: 2560 },
      { inputWidth: 1024, outputWidth: 2560, side: 12 },
    ],
    ['projector/xdp', { mm_projector_type: 'xdpnet', hidden_size: 2048 }, { factor: 4 }],
    ['projector/xdp', { mm_projector_type: 'xdpnet_2' }, { factor: 2 }],
    ['projector/xdp', { mm_projector_type: 'xdpnetv10_1' }, { factor: 1, outputWidth: null }],
    [
      'projector/c-abstractor',
      {
        projector_config: { projector_type: 'c-abs', num_query_tokens: 256, pos_emb: false },
        text_config: { hidden_size: 40 },
      },
      { inputWidth: 16, outputWidth: 40, side: 16, positions: 'none', hiddenSize: 1024, depth: 3 },
    ],
    [
      'projector/c-abstractor',
      {
        visual_projector_config: { projector_type: 'c-abs', output_hidden_size: 24 },
        num_query_tokens: 576,
      },
      { outputWidth: 24, side: 24, positions: 'grid', endCount: 0 },
    ],
    [
      'projector/d-abstractor',
      { projector_config: { projector_type: 'd-abs', d_model: 1024, num_queries: 144 } },
      {
        side: 12,
        hiddenSize: 1024,
        layerCount: 6,
        headCount: 8,
        pointCount: 4,
        pooled: 'positions',
      },
    ],
    [
      'projector/q-former',
      { model_type: 'blip-2', qformer_config: { model_type: 'blip_2_qformer' } },
      { model: 'blip2', inputWidth: 1408, outputWidth: 40 },
    ],
    [
      'projector/q-former',
      { model_type: 'instructblip', qformer_config: { vocab_size: 30_523 } },
      { model: 'instructblip', inputWidth: 1408, outputWidth: 40 },
    ],
    [
      'projector/q-former',
      { model_type: 'instructblip_qformer', num_hidden_layers: 3, vocab_size: 50 },
      { model: 'custom', layerCount: 3, lookEvery: 2, vocabularySize: 50, queryCount: 32 },
    ],
    [
      'projector/idefics-perceiver',
      {
        model_type: 'idefics',
        use_resampler: true,
        vision_config: { embed_dim: 1280 },
        perceiver_config: { qk_layer_norms_perceiver: true },
      },
      { model: 'idefics' },
    ],
    [
      'projector/idefics-perceiver',
      { model_type: 'idefics', use_resampler: true, perceiver_config: { resampler_depth: 2 } },
      { model: 'custom', hiddenSize: 16, layerCount: 2, headNorms: false },
    ],
    [
      'projector/idefics2-perceiver',
      {
        model_type: 'idefics2',
        vision_config: { hidden_size: 1152 },
        text_config: { model_type: 'mistral', rms_norm_eps: 1e-5 },
        perceiver_config: { model_type: 'idefics2' },
      },
      { model: 'idefics2-8b', inputWidth: 1152 },
    ],
    [
      'projector/idefics2-perceiver',
      { model_type: 'idefics2', text_config: { hidden_size: 40, rms_norm_eps: 1e-5 } },
      { model: 'custom', hiddenSize: 40, normEpsilon: 1e-5, inputWidth: 16 },
    ],
    [
      'projector/sincos-resampler',
      { model_type: 'qwen', hidden_size: 4096, visual: { output_dim: 4096, width: 1664 } },
      { model: 'qwen-vl', inputWidth: 1664 },
    ],
    [
      'projector/sincos-resampler',
      { model_type: 'omnilmm', hidden_size: 4096, num_query: 64, mm_hidden_size: 1792 },
      { model: 'omnilmm', inputWidth: 1792 },
    ],
    [
      'projector/sincos-resampler',
      { model_type: 'minicpmv', hidden_size: 2304, query_num: 64, vision_config: {} },
      { model: 'minicpm-v', inputWidth: null },
    ],
    [
      'projector/sincos-resampler',
      { model_type: 'minicpmv', hidden_size: 2304, query_num: 64, slice_mode: true },
      { model: 'minicpm-v-2' },
    ],
    [
      'projector/sincos-resampler',
      { model_type: 'minicpmv', hidden_size: 4096, query_num: 96 },
      { model: 'minicpm-v-2.5', inputWidth: 16 },
    ],
    [
      'projector/sincos-resampler',
      { model_type: 'minicpmv', version: 2.6, hidden_size: 3584, query_num: 64 },
      { model: 'minicpm-v-2.6', inputWidth: 16 },
    ],
    [
      'projector/mlp',
      { model_type: 'vipllava', vision_feature_layers: [-2, -5, 6] },
      { inputWidth: 48, outputWidth: 40, inputNorm: true },
    ],
    [
      'projector/patch-merger',
      { model_type: 'qwen2_vl', vision_config: { embed_dim: 16, hidden_size: 40 } },
      { inputWidth: 16, outputWidth: 40, factor: 2, norm: 'layer' },
    ],
    [
      'projector/patch-merger',
      { model_type: 'qwen2_5_vl', vision_config: { hidden_size: 16, out_hidden_size: 40 } },
      { inputWidth: 16, outputWidth: 40, factor: 2, norm: 'rms' },
    ],
    [
      'projector/mistral3-merger',
      { model_type: 'mistral3', spatial_merge_size: 3, projector_hidden_act: 'silu' },
      { inputWidth: 16, outputWidth: 40, factor: 3, activation: 'silu', bias: false },
    ],
    ['projector/normed-linear', { model_type: 'gemma3' }, { inputWidth: 16, outputWidth: 40 }],
    ['compression/average-pool', { model_type: 'gemma3' }, { kernel: 4 }],
    ['compression/bilinear-pool', { model_type: 'llava_onevision' }, { factor: 2 }],
    [
      'projector/anyres-pack',
      { model_type: 'llava_onevision', vision_aspect_ratio: 'anyres_max_4' },
      { packing: 'unpadded', mostTiles: 4 },
    ],
    ['compression/pixel-shuffle', { model_type: 'internvl', downsample_ratio: 0.5 }, { factor: 2 }],
    ['compression/pixel-shuffle', { model_type: 'idefics3', scale_factor: 3 }, { factor: 3 }],
  ] as const)('%s takes %j', (type, said, params) => {
    const files = config({ text_config, vision_config, ...said });
    expect(taken(catalogue[type], files)).toMatchObject({ value: { params } });
  });

  it('are not found in a model that has others', () => {
    const files = config({ model_type: 'qwen2_vl', text_config, vision_config });
    for (const type of [
      'projector/mlp',
      'projector/linear',
      'projector/q-former',
      'projector/ldp',
      'projector/ldp-v2',
      'projector/xdp',
      'projector/c-abstractor',
      'projector/d-abstractor',
      'projector/idefics-perceiver',
      'projector/idefics2-perceiver',
      'projector/sincos-resampler',
      'compression/pixel-shuffle',
    ] as const)
      expect(refusal(catalogue[type], files)).toMatch(/config\.json describes no .*"qwen2_vl"/);
  });

  it('tell MobileVLM from its second version', () => {
    const [first, second] = ['ldpnet', 'ldpnetv2'].map((type) =>
      config({ mm_projector_type: type }),
    );
    expect(refusal(catalogue['projector/ldp'], second!)).toMatch(/no LDP projector.*"ldpnetv2"/);
    expect(refusal(catalogue['projector/ldp-v2'], first!)).toMatch(/no LDPv2 projector.*"ldpnet"/);
  });

  it('of Honeybee that are not built are named', () => {
    const abstractor = (projector_config: JsonObject) => config({ projector_config });
    for (const [type, said, sentence] of [
      ['c-abs', { num_query_tokens: 150 }, 'A C-Abstractor of 150 tokens, which make no square,'],
      ['d-abs', { pooled_v_target: 'none' }, 'A D-Abstractor that pools for "none"'],
      ['d-abs', { num_feature_levels: 2 }, 'A D-Abstractor of 2 feature levels'],
      ['d-abs', { activation_function: 'odd' }, 'The activation "odd"'],
    ] as const) {
      const node = type === 'c-abs' ? 'projector/c-abstractor' : 'projector/d-abstractor';
      const files = abstractor({ projector_type: type, ...said });
      expect(refusal(catalogue[node], files)).toBe(`${sentence} is not built yet.`);
    }
  });
});
