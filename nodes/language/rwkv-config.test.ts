/** What an RWKV takes from published configurations. */
import { describe, expect, it } from 'vitest';
import { config, read, refusal, taken } from '#verify/taking-config.testing.ts';
import { catalogue } from '../index.ts';

describe('an RWKV', () => {
  const rwkv = catalogue['language/rwkv'];
  /** As of RWKV/rwkv-4-430m-pile. */
  const pile = {
    model_type: 'rwkv',
    attention_hidden_size: 1024,
    context_length: 1024,
    hidden_size: 1024,
    intermediate_size: 4096,
    layer_norm_epsilon: 1e-5,
    num_hidden_layers: 24,
    rescale_every: 6,
    tie_word_embeddings: false,
    vocab_size: 50_277,
  };
  /** As of RWKV/v5-Eagle-7B-HF. */
  const eagle = {
    model_type: 'rwkv5',
    attention_hidden_size: 4096,
    head_size: 64,
    hidden_size: 4096,
    intermediate_size: null,
    layer_norm_epsilon: 1e-5,
    model_version: '5_2',
    num_hidden_layers: 32,
    rescale_every: 6,
    vocab_size: 65_536,
  };

  it('is the published one of its generation', () => {
    expect(taken(rwkv, config(pile))).toMatchObject({
      value: {
        params: { model: 'rwkv4-pile-430m' },
        took: ['RWKV-4', '24 layers × 1024', '50277 tokens known'],
      },
    });
    expect(taken(rwkv, config(eagle))).toMatchObject({
      value: { params: { model: 'rwkv5-world-7b' } },
    });
    const finch = { ...eagle, model_type: 'rwkv6', num_attention_heads: 64, head_size_divisor: 8 };
    expect(taken(rwkv, config({ ...finch, num_hidden_layers: 61 }))).toMatchObject({
      value: { params: { model: 'rwkv6-world-14b' } },
    });
  });

  it('is a custom one with all figures that a configuration gives', () => {
    expect(taken(rwkv, config(read('ssm/rwkv-v4/config.json')))).toMatchObject({
      value: {
        params: {
          model: 'custom',
          generation: '4',
          vocabularySize: 116,
          hiddenSize: 40,
          layerCount: 2,
          attentionSize: 40,
          feedForwardSize: 96,
        },
      },
    });
    const other = { ...eagle, head_size: 32, head_size_divisor: 4, tie_word_embeddings: true };
    expect(taken(rwkv, config({ ...other, intermediate_size: 8192 }))).toMatchObject({
      value: {
        params: {
          model: 'custom',
          generation: '5',
          headSize: 32,
          headNormEpsilon: 16e-5,
          feedForwardSize: 8192,
          tiedEmbeddings: true,
        },
      },
    });
  });

  it('of another generation or spelling, or none at all, is refused with what it is', () => {
    expect(refusal(rwkv, config({ ...eagle, model_type: 'rwkv7' }))).toBe(
      'The generation "rwkv7" of RWKV is not built yet.',
    );
    expect(refusal(rwkv, config({ ...eagle, model_version: '5_0' }))).toBe(
      'The version "5_0" of RWKV-5 is not built yet.',
    );
    expect(refusal(rwkv, config({ ...eagle, model_type: 'rwkv6', attn_mode: 'chunk' }))).toMatch(
      /library "fla" is not built yet/,
    );
    expect(refusal(rwkv, config({ ...eagle, head_size: 60 }))).toBe(
      'config.json cannot be taken: 4096 channels do not divide into heads of 60.',
    );
    expect(refusal(rwkv, config(read('slm/llama-mha/config.json')))).toBe(
      'config.json describes no RWKV but "llama"; choose the node of its family.',
    );
    expect(refusal(catalogue['language/decoder'], config(pile))).toMatch(/choose the node "RWKV"/);
  });
});
