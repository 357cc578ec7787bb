/** What the tensors of a Jamba are called, by its authors and by Hugging Face alike. */
import type { KeyLayout } from '#engine/onnx/weight.ts';

export const embeddingName = 'model.embed_tokens.weight';
export const finalNormName = 'model.final_layernorm';
export const headName = 'lm_head';

export function jambaLayerNames(layer: number) {
  const base = `model.layers.${layer}`;
  const attention = `${base}.self_attn`;
  return {
    inputNorm: `${base}.input_layernorm`,
    mixer: `${base}.mamba`,
    attention: {
      query: `${attention}.q_proj`,
      key: `${attention}.k_proj`,
      value: `${attention}.v_proj`,
      output: `${attention}.o_proj`,
      // It has none.
      queryNorm: `${attention}.q_norm`,
      keyNorm: `${attention}.k_norm`,
    },
    feedForwardNorm: `${base}.pre_ff_layernorm`,
    feedForward: feedForwardNames(`${base}.feed_forward`),
    router: `${base}.feed_forward.router`,
    expert: (index: number) => feedForwardNames(`${base}.feed_forward.experts.${index}`),
  };
}

const feedForwardNames = (base: string) => ({
  gate: `${base}.gate_proj`,
  up: `${base}.up_proj`,
  down: `${base}.down_proj`,
});

export const jambaKeyLayouts = (tiedEmbeddings: boolean): readonly KeyLayout[] => [
  {
    title: 'Jamba',
    key: (name) => name,
    owns: (key) => key.startsWith('model.') || key.startsWith(`${headName}.`),
    ignores: (key) => tiedEmbeddings && key === `${headName}.weight`,
  },
];
