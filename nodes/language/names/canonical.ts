/** What a decoder's graph calls its tensors: LLaMA's names, and what other families add to them. */
import type { AttentionNames } from '#engine/onnx/blocks/causal-attention.ts';
import type { LatentAttentionNames } from '#engine/onnx/blocks/latent-attention.ts';
import type { DecoderArchitecture } from '../architecture/decoder-architecture.ts';

export interface LayerNames extends AttentionNames, LatentAttentionNames {
  /** Absent where only what leaves a half is normed. */
  readonly inputNorm: string;
  readonly feedForwardNorm: string;
  /** Absent where only what enters a half is normed. */
  readonly attendedNorm: string;
  readonly fedNorm: string;
  readonly feedForward: string;
  readonly gate: string;
  readonly up: string;
  readonly down: string;
}

export const embeddingName = 'model.embed_tokens.weight';
export const embeddingNormName = 'model.embed_norm';
export const positionName = 'model.embed_positions.weight';
export const projectInName = 'model.project_in';
export const projectOutName = 'model.project_out';
export const finalNormName = 'model.norm';
export const headName = 'lm_head';

export function layerNames(
  { normPlacement, queryKeyNorm }: DecoderArchitecture,
  layer: number,
): LayerNames {
  const base = `model.layers.${layer}`;
  const attention = `${base}.self_attn`;
  const headNorm = queryKeyNorm === 'head-rms' || queryKeyNorm === 'whole-rms';
  return {
    inputNorm: `${base}.input_layernorm`,
    feedForwardNorm: `${base}.${normPlacement === 'around' ? 'pre_feedforward' : 'post_attention'}_layernorm`,
    attendedNorm: `${base}.${normPlacement === 'behind-sum' ? 'input' : 'post_attention'}_layernorm`,
    fedNorm: `${base}.${normPlacement === 'behind-sum' ? 'post_attention' : 'post_feedforward'}_layernorm`,
    query: `${attention}.q_proj`,
    key: `${attention}.k_proj`,
    value: `${attention}.v_proj`,
    output: `${attention}.o_proj`,
    queryNorm: `${attention}.${headNorm ? 'q_norm' : 'q_layernorm'}`,
    keyNorm: `${attention}.${headNorm ? 'k_norm' : 'k_layernorm'}`,
    queryDown: `${attention}.q_a_proj`,
    queryDownNorm: `${attention}.q_a_layernorm`,
    queryUp: `${attention}.q_b_proj`,
    latent: `${attention}.kv_a_proj_with_mqa`,
    latentNorm: `${attention}.kv_a_layernorm`,
    keyValueUp: `${attention}.kv_b_proj`,
    feedForward: `${base}.mlp`,
    gate: `${base}.mlp.gate_proj`,
    up: `${base}.mlp.up_proj`,
    down: `${base}.mlp.down_proj`,
  };
}
