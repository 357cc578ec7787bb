/** The language models of Qwen2-VL and Qwen2.5-VL, by what their config.json says and leaves unsaid. */
import { z } from 'zod';
import { defineFamily } from './family.ts';

export const qwen2Vl = defineFamily({
  title: 'Qwen2-VL',
  defaults: {
    vocab_size: 152_064,
    hidden_size: 8192,
    intermediate_size: 29_568,
    num_hidden_layers: 80,
    num_attention_heads: 64,
    num_key_value_heads: 8,
    max_position_embeddings: 32_768,
    hidden_act: 'silu',
    rms_norm_eps: 1e-5,
    rope_theta: 1_000_000,
    use_sliding_window: false,
    tie_word_embeddings: false,
  },
  own: z.object({}),
  adds({ rope_parameters, rope_scaling }) {
    const [timePairs, rowPairs] = (rope_parameters ?? rope_scaling)?.mrope_section ?? [16, 24];
    return { queryKeyValueBias: true, positions: 'grid-rotary', timePairs, rowPairs };
  },
});
