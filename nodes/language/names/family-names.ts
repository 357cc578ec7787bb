/** What the checkpoints of a family call the tensors of a decoder: one row a family. */
import type { RowCut } from '#engine/onnx/weight.ts';
import type { DecoderArchitecture } from '../decoder-architecture.ts';

export interface FamilyNames {
  readonly title: string;
  /** Pieces of the graph's own names, and what stands in their place; each is replaced where it is found, in this order. */
  readonly renames: readonly (readonly [own: string, published: string])[];
  /** What the names of the family begin with. */
  readonly begins: RegExp;
  /** Which rows of a published tensor are the node's, where they are not all (a fused projection). */
  readonly cuts?: (architecture: DecoderArchitecture) => (name: string) => RowCut | null;
}

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
];
