/** What projectors and shuffles take from the configurations of whole models. */
import { describe, expect, it } from 'vitest';
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
      'compression/pixel-shuffle',
    ] as const)
      expect(refusal(catalogue[type], files)).toMatch(/config\.json describes no .*"qwen2_vl"/);
  });
});
