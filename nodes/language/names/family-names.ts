/** What the checkpoints of a family call the tensors of a decoder: one row a family. */
import type { RowCut } from '#engine/onnx/weight.ts';
import type { DecoderArchitecture } from '../architecture/decoder-architecture.ts';
import { fusedCut, gatesCut, groupsCut, turnedCut } from './fused-projections.ts';

export interface FamilyNames {
  readonly title: string;
  /** Pieces of the graph's own names, and what stands in their place; each is replaced where it is found, in this order. */
  readonly renames: readonly (readonly [own: string, published: string])[];
  /** What the names of the family begin with. */
  readonly begins: RegExp;
  /** Which rows of a published tensor are the node's, where they are not all (a fused projection). */
  readonly cuts?: (architecture: DecoderArchitecture) => (name: string) => RowCut | null;
}

/** Queries, keys and values in one tensor. */
const joined = (published: string): FamilyNames['renames'] => [
  ['.self_attn.q_proj.', published],
  ['.self_attn.k_proj.', published],
  ['.self_attn.v_proj.', published],
];

/** Names as in the library's LLaMA. */
const likeLlama = /^(model\.(embed_tokens|layers|norm)\.|lm_head\.)/;

export const familyNames: readonly FamilyNames[] = [
  { title: 'LLaMA', renames: [], begins: likeLlama },
  {
    title: 'Phi',
    renames: [
      ['.self_attn.o_proj.', '.self_attn.dense.'],
      ['.mlp.up_proj.', '.mlp.fc1.'],
      ['.mlp.down_proj.', '.mlp.fc2.'],
      ['model.norm.', 'model.final_layernorm.'],
    ],
    begins: /^(model\.(embed_tokens|layers|final_layernorm)\.|lm_head\.)/,
  },
  {
    title: 'Phi-3',
    renames: [
      ...joined('.self_attn.qkv_proj.'),
      ['.mlp.gate_proj.', '.mlp.gate_up_proj.'],
      ['.mlp.up_proj.', '.mlp.gate_up_proj.'],
    ],
    begins: likeLlama,
    cuts: (architecture) => (name) => fusedCut(name, architecture) ?? gatesCut(name, architecture),
  },
  {
    title: 'GPT-2',
    renames: [
      ['model.embed_tokens.', 'transformer.wte.'],
      ['model.embed_positions.', 'transformer.wpe.'],
      ['model.layers.', 'transformer.h.'],
      ['.input_layernorm.', '.ln_1.'],
      ['.post_attention_layernorm.', '.ln_2.'],
      ...joined('.attn.c_attn.'),
      ['.self_attn.o_proj.', '.attn.c_proj.'],
      ['.mlp.up_proj.', '.mlp.c_fc.'],
      ['.mlp.down_proj.', '.mlp.c_proj.'],
      ['model.norm.', 'transformer.ln_f.'],
    ],
    begins: /^(transformer\.(wte|wpe|h|ln_f)\.|lm_head\.)/,
    cuts: (architecture) => (name) => turnedCut(name, architecture),
  },
  {
    title: 'GPT-NeoX',
    renames: [
      ['model.embed_tokens.', 'gpt_neox.embed_in.'],
      ['model.layers.', 'gpt_neox.layers.'],
      ...joined('.attention.query_key_value.'),
      ['.self_attn.o_proj.', '.attention.dense.'],
      ['.mlp.up_proj.', '.mlp.dense_h_to_4h.'],
      ['.mlp.down_proj.', '.mlp.dense_4h_to_h.'],
      ['model.norm.', 'gpt_neox.final_layer_norm.'],
      ['lm_head.', 'embed_out.'],
    ],
    begins: /^(gpt_neox\.(embed_in|layers|final_layer_norm)\.|embed_out\.)/,
    cuts: (architecture) => (name) => groupsCut(name, architecture),
  },
  {
    title: 'BLOOM and Falcon',
    renames: [
      ['model.embed_tokens.', 'transformer.word_embeddings.'],
      ['model.embed_norm.', 'transformer.word_embeddings_layernorm.'],
      ['model.layers.', 'transformer.h.'],
      ...joined('.self_attention.query_key_value.'),
      ['.self_attn.o_proj.', '.self_attention.dense.'],
      ['.mlp.up_proj.', '.mlp.dense_h_to_4h.'],
      ['.mlp.down_proj.', '.mlp.dense_4h_to_h.'],
      ['model.norm.', 'transformer.ln_f.'],
    ],
    begins: /^(transformer\.(word_embeddings|word_embeddings_layernorm|h|ln_f)\.|lm_head\.)/,
    cuts: (architecture) => (name) => groupsCut(name, architecture),
  },
  {
    title: 'Qwen',
    renames: [
      ['model.embed_tokens.', 'transformer.wte.'],
      ['model.layers.', 'transformer.h.'],
      ['.input_layernorm.', '.ln_1.'],
      ['.post_attention_layernorm.', '.ln_2.'],
      ...joined('.attn.c_attn.'),
      ['.self_attn.o_proj.', '.attn.c_proj.'],
      ['.mlp.gate_proj.', '.mlp.w2.'],
      ['.mlp.up_proj.', '.mlp.w1.'],
      ['.mlp.down_proj.', '.mlp.c_proj.'],
      ['model.norm.', 'transformer.ln_f.'],
    ],
    begins: /^(transformer\.(wte|h|ln_f)\.|lm_head\.)/,
    cuts: (architecture) => (name) => fusedCut(name, architecture),
  },
  {
    title: 'OPT',
    renames: [
      ['model.layers.', 'model.decoder.layers.'],
      ['model.embed_', 'model.decoder.embed_'],
      ['model.project_', 'model.decoder.project_'],
      ['model.norm.', 'model.decoder.final_layer_norm.'],
      ['.input_layernorm.', '.self_attn_layer_norm.'],
      ['.post_attention_layernorm.', '.final_layer_norm.'],
      ['.self_attn.o_proj.', '.self_attn.out_proj.'],
      ['.mlp.up_proj.', '.fc1.'],
      ['.mlp.down_proj.', '.fc2.'],
    ],
    begins: /^(model\.decoder\.|lm_head\.)/,
  },
];
