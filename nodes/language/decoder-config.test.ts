/** What a decoder takes from the published configurations of the recorded models. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '#engine/contract/config-files.ts';
import { paramSchema, type Params } from '#engine/node/param.ts';
import { config, read, recorded, refusal, taken } from '#verify/taking-config.testing.ts';
import { catalogue } from '../index.ts';

/** Whose configurations have been spelt in two ways. */
const yarnWeight = 707 / 1000;
const minicpm3Factors = [
  1.0591234137867171, 1.1241891283591912, 1.2596935748670968, 1.5380380402321725, 2.093982484148734,
  3.1446935121267696, 4.937952647693647, 7.524541999994549, 10.475458000005451, 13.062047352306353,
  14.85530648787323, 15.906017515851266, 16.461961959767827, 16.740306425132907, 16.87581087164081,
  16.940876586213285,
];

const languageModels = readdirSync(join(recorded, 'slm')).filter((name) =>
  existsSync(join(recorded, 'slm', name, 'config.v4.json')),
);

describe('a language model', () => {
  it.each(languageModels)('%s gives the same parameters in both spellings, all valid', (name) => {
    const since = taken(catalogue['language/decoder'], config(read(`slm/${name}/config.json`)));
    const before = taken(catalogue['language/decoder'], config(read(`slm/${name}/config.v4.json`)));
    expect(since).toEqual(before);
    if (!since.ok) throw new Error(refusal(catalogue['language/decoder'], {}));
    const declared: Params = catalogue['language/decoder'].params;
    const invalid = Object.entries(since.value.params).filter(
      ([param, value]) => !paramSchema(declared[param]!).safeParse(value).success,
    );
    expect(invalid).toEqual([]);
  });

  it('is the published one where every figure is the same, so that its name stays', () => {
    const qwen = {
      model_type: 'qwen2',
      hidden_size: 896,
      intermediate_size: 4864,
      max_position_embeddings: 32_768,
      num_attention_heads: 14,
      num_hidden_layers: 24,
      num_key_value_heads: 2,
      rms_norm_eps: 1e-6,
      rope_theta: 1_000_000,
      tie_word_embeddings: true,
      vocab_size: 151_936,
    };
    expect(taken(catalogue['language/decoder'], config(qwen))).toMatchObject({
      value: {
        params: { model: 'qwen2-0.5b' },
        took: ['Qwen2', '24 layers × 896', '14 heads, 2 of keys and values', '151936 tokens known'],
      },
    });
  });

  it.each([
    [
      'minicpm-2b',
      {
        model_type: 'minicpm',
        vocab_size: 122_753,
        hidden_size: 2304,
        intermediate_size: 5760,
        num_hidden_layers: 40,
        num_attention_heads: 36,
        num_key_value_heads: 36,
        max_position_embeddings: 4096,
        rms_norm_eps: 1e-5,
        scale_emb: 12,
        scale_depth: 1.4,
        dim_model_base: 256,
      },
    ],
    [
      'minicpm3-4b',
      {
        model_type: 'minicpm3',
        vocab_size: 73_448,
        hidden_size: 2560,
        intermediate_size: 6400,
        num_hidden_layers: 62,
        num_attention_heads: 40,
        num_key_value_heads: 40,
        max_position_embeddings: 32_768,
        qk_nope_head_dim: 64,
        qk_rope_head_dim: 32,
        q_lora_rank: 768,
        kv_lora_rank: 256,
        scale_emb: 12,
        scale_depth: 1.4,
        dim_model_base: 256,
        rope_scaling: {
          type: 'longrope',
          short_factor: minicpm3Factors,
          long_factor: minicpm3Factors,
          original_max_position_embeddings: 32_768,
        },
      },
    ],
    [
      'deepseek-v2-lite',
      {
        model_type: 'deepseek_v2',
        vocab_size: 102_400,
        hidden_size: 2048,
        intermediate_size: 10_944,
        num_hidden_layers: 27,
        num_attention_heads: 16,
        num_key_value_heads: 16,
        max_position_embeddings: 163_840,
        q_lora_rank: null,
        rope_theta: 10_000,
        rope_scaling: {
          type: 'yarn',
          factor: 40,
          original_max_position_embeddings: 4096,
          beta_fast: 32,
          beta_slow: 1,
          mscale: yarnWeight,
          mscale_all_dim: yarnWeight,
        },
      },
    ],
    [
      'qwen2-vl-2b',
      {
        model_type: 'qwen2_vl',
        vocab_size: 151_936,
        hidden_size: 1536,
        intermediate_size: 8960,
        num_hidden_layers: 28,
        num_attention_heads: 12,
        num_key_value_heads: 2,
        max_position_embeddings: 32_768,
        rms_norm_eps: 1e-6,
        rope_theta: 1_000_000,
        rope_scaling: { type: 'mrope', mrope_section: [16, 24, 24] },
        sliding_window: 32_768,
        use_sliding_window: false,
        tie_word_embeddings: true,
        vision_config: { embed_dim: 1280 },
      },
    ],
    [
      'qwen2.5-vl-3b',
      {
        model_type: 'qwen2_5_vl',
        vocab_size: 151_936,
        hidden_size: 2048,
        intermediate_size: 11_008,
        num_hidden_layers: 36,
        num_attention_heads: 16,
        num_key_value_heads: 2,
        max_position_embeddings: 128_000,
        rms_norm_eps: 1e-6,
        rope_theta: 1_000_000,
        rope_scaling: { type: 'mrope', mrope_section: [16, 24, 24] },
        tie_word_embeddings: true,
        vision_config: { tokens_per_second: 2 },
      },
    ],
  ])('knows %s by its figures', (model, figures) => {
    expect(taken(catalogue['language/decoder'], config(figures))).toMatchObject({
      value: { params: { model } },
    });
  });

  it('described beside a tower, as Qwen2-VL is, has the picture layout of the whole', () => {
    const figures = { model_type: 'qwen2_vl', vision_config: {} };
    expect(taken(catalogue['language/decoder'], config(figures))).toMatchObject({
      value: { params: { positions: 'grid-rotary', pictureLayout: 'qwen2-vl' } },
    });
  });

  it('is filled up with what the library means by saying nothing', () => {
    const text = { model_type: 'llama', vocab_size: 32_064, max_position_embeddings: 4096 };
    const files = config({ model_type: 'llava', text_config: { ...text, rms_norm_eps: 1e-5 } });
    expect(taken(catalogue['language/decoder'], files)).toMatchObject({
      value: {
        params: { vocabularySize: 32_064, hiddenSize: 4096, layerCount: 32, headSize: 128 },
      },
    });
  });

  it('of what is not built says what that is', () => {
    const llama = read('slm/llama-mha/config.json');
    const decoder = catalogue['language/decoder'];
    const scaled = { rope_parameters: { rope_type: 'dynamic', rope_theta: 10_000 } };
    expect(refusal(decoder, config({ model_type: 'xlnet' }))).toBe(
      'The language model family "xlnet" is not built yet.',
    );
    expect(refusal(decoder, config({ model_type: 'constructor' }))).toBe(
      'The language model family "constructor" is not built yet.',
    );
    expect(refusal(decoder, config({ ...llama, ...scaled }))).toBe(
      'Rotary scaling "dynamic" is not built yet.',
    );
    expect(refusal(decoder, config({ ...llama, hidden_size: 'wide' }))).toMatch(/"hidden_size" is/);
    expect(refusal(decoder, {})).toMatch(/no config\.json/);
  });

  it('whose attention slides has its window, unless that holds the whole context', () => {
    const windowOf = (changes: JsonObject) => figuresOf('slm/mistral-sliding-window', changes);
    expect(windowOf({})).toEqual([7, null]);
    expect(windowOf({ sliding_window: null })).toEqual([null, null]);
    expect(windowOf({ sliding_window: 255 })).toEqual([255, null]);
    expect(windowOf({ sliding_window: 256 })).toEqual([null, null]);
    // Qwen2 says apart whether it slides, and how many of its layers do not.
    const qwen = (changes: JsonObject) => figuresOf('slm/qwen2', { layer_types: null, ...changes });
    expect(qwen({ use_sliding_window: false, sliding_window: 6 })).toEqual([null, null]);
    const sliding = { use_sliding_window: true, sliding_window: 6 };
    expect(qwen({ ...sliding, max_window_layers: 0 })).toEqual([6, null]);
    expect(qwen({ ...sliding, max_window_layers: 99 })).toEqual([null, null]);
    // Gemma 2 and 3 knew which layers slide before their configurations listed them.
    expect(figuresOf('slm/gemma2', { layer_types: null })).toEqual([6, 2]);
    expect(figuresOf('slm/gemma3-text', { layer_types: null, num_hidden_layers: 7 })).toEqual([
      6, 6,
    ]);
    expect(figuresOf('slm/gemma3-text', {})).toEqual([6, 3]);
    // Its layers turn otherwise where they slide, so they do however long the window is.
    expect(figuresOf('slm/gemma3-text', { sliding_window: 4096 })).toEqual([4096, 3]);
  });

  it('of which no window can be made says so', () => {
    const decoder = catalogue['language/decoder'];
    const refused = (name: string, changes: JsonObject) =>
      refusal(decoder, config({ ...read(`slm/${name}/config.json`), ...changes }));
    expect(refused('mistral-sliding-window', { sliding_window: 0 })).toBe(
      'config.json cannot be taken: in a window of 0 tokens none sees even itself; "sliding_window" has to be 1 or more, or null.',
    );
    const irregular = 'Attention that slides in layers of no regular pattern is not built yet.';
    const kinds = (...slides: readonly boolean[]) => ({
      layer_types: slides.map((does) => (does ? 'sliding_attention' : 'full_attention')),
    });
    expect(refused('gemma3-text', kinds(false, true, true))).toBe(irregular);
    expect(refused('gemma3-text', kinds(true, false, false))).toBe(irregular);
    const late = { layer_types: null, use_sliding_window: true, max_window_layers: 1 };
    expect(refused('qwen2', { ...late, sliding_window: 6 })).toBe(irregular);
    expect(refused('gemma2', { layer_types: ['sliding_attention', 'chunked_attention'] })).toBe(
      'A layer of the kind "chunked_attention" is not built yet.',
    );
    const stretched = {
      full_attention: { rope_type: 'default' },
      sliding_attention: { rope_type: 'yarn', factor: 2 },
    };
    expect(refused('gemma3-text', { rope_parameters: stretched })).toBe(
      'Rotary scaling "yarn" of layers whose attention slides is not built yet.',
    );
  });

  it.each<[string, JsonObject]>([
    [
      'gemma-2-2b',
      {
        model_type: 'gemma2',
        hidden_size: 2304,
        num_hidden_layers: 26,
        hidden_act: 'gelu',
        hidden_activation: 'gelu_pytorch_tanh',
      },
    ],
    [
      'gemma-3-1b',
      {
        model_type: 'gemma3_text',
        hidden_size: 1152,
        intermediate_size: 6912,
        num_attention_heads: 4,
        num_key_value_heads: 1,
        vocab_size: 262_144,
        max_position_embeddings: 32_768,
        rope_scaling: null,
        sliding_window: 512,
        sliding_window_pattern: 6,
      },
    ],
    [
      'gemma-3-4b',
      {
        model_type: 'gemma3',
        text_config: {
          model_type: 'gemma3_text',
          hidden_size: 2560,
          intermediate_size: 10_240,
          num_hidden_layers: 34,
          rope_scaling: { factor: 8, rope_type: 'linear' },
          sliding_window: 1024,
        },
      },
    ],
    [
      'mistral-7b-v0.1',
      {
        model_type: 'mistral',
        max_position_embeddings: 32_768,
        rms_norm_eps: 1e-5,
        rope_theta: 10_000,
        sliding_window: 4096,
      },
    ],
  ])('with windows is the published %s where every figure is the same', (model, json) => {
    const found = taken(catalogue['language/decoder'], config(json));
    expect(found).toMatchObject({ value: { params: { model } } });
  });
});

/** The window of a recorded configuration with changes, and every how many layers one has none. */
function figuresOf(name: string, changes: JsonObject) {
  const files = config({ ...read(`${name}/config.json`), ...changes });
  const found = taken(catalogue['language/decoder'], files);
  if (!found.ok) return refusal(catalogue['language/decoder'], files);
  const { attentionWindow, fullAttentionEvery } = found.value.params;
  return [attentionWindow, fullAttentionEvery];
}
