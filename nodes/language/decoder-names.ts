/** What the families call the tensors of a decoder, and where whole models keep them. */
import type { KeyLayout } from '#engine/onnx/weight.ts';
import type { AttentionNames } from '#engine/onnx/blocks/causal-attention.ts';
import type { DecoderArchitecture } from './decoder-architecture.ts';

export interface LayerNames extends AttentionNames {
  readonly inputNorm: string;
  /** Absent in parallel blocks. */
  readonly feedForwardNorm: string;
  readonly feedForward: string;
  readonly gate: string;
  readonly up: string;
  readonly down: string;
}

export const embeddingName = 'model.embed_tokens.weight';
export const headName = 'lm_head';

export function finalNormName({ keyNames }: DecoderArchitecture): string {
  return keyNames === 'phi' ? 'model.final_layernorm' : 'model.norm';
}

export function layerNames({ keyNames }: DecoderArchitecture, layer: number): LayerNames {
  const base = `model.layers.${layer}`;
  const phi = keyNames === 'phi';
  return {
    inputNorm: `${base}.input_layernorm`,
    feedForwardNorm: `${base}.post_attention_layernorm`,
    query: `${base}.self_attn.q_proj`,
    key: `${base}.self_attn.k_proj`,
    value: `${base}.self_attn.v_proj`,
    output: `${base}.self_attn.${phi ? 'dense' : 'o_proj'}`,
    queryNorm: `${base}.self_attn.q_layernorm`,
    keyNorm: `${base}.self_attn.k_layernorm`,
    feedForward: `${base}.mlp`,
    gate: `${base}.mlp.gate_proj`,
    up: `${base}.mlp.${phi ? 'fc1' : 'up_proj'}`,
    down: `${base}.mlp.${phi ? 'fc2' : 'down_proj'}`,
  };
}

/** Saved buffers that follow from the configuration. */
const isBuffer = (key: string): boolean =>
  /\.(rotary_emb\.inv_freq|attn\.(bias|masked_bias))$/.test(key);

const languagePart = /^(model\.(embed_tokens|layers|norm|final_layernorm)\.|lm_head\.)/;

/** A layout that puts `prefix` before every name. */
function prefixed(title: string, prefix: string): KeyLayout {
  return {
    title,
    key: (name) => prefix + name,
    owns: (key) => key.startsWith(prefix) && languagePart.test(key.slice(prefix.length)),
    ignores: isBuffer,
  };
}

export const decoderKeyLayouts: readonly KeyLayout[] = [
  prefixed('language model alone', ''),
  prefixed('LLaVA, Hugging Face', 'language_model.'),
  {
    title: 'LLaVA, Hugging Face, since version 5',
    key: (name) =>
      name.startsWith('model.') ? `model.language_model.${name.slice('model.'.length)}` : name,
    owns: (key) => key.startsWith('model.language_model.') || key.startsWith('lm_head.'),
    ignores: isBuffer,
  },
  {
    title: 'Idefics, Hugging Face',
    key: (name) =>
      name.startsWith('model.') ? `model.text_model.${name.slice('model.'.length)}` : name,
    owns: (key) => key.startsWith('model.text_model.') || key.startsWith('lm_head.'),
    ignores: isBuffer,
  },
];
