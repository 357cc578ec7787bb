/** Where checkpoints keep the tensors of an AIMv2; the node calls them as the Hugging Face library does. */
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { fusedLayouts, type FusedTower } from './fused-names.ts';
import { libraryLayouts } from './library-names.ts';
import { timmLayouts } from './timm-names.ts';

const own = ['attention.q_proj', 'attention.k_proj', 'attention.v_proj'] as const;

export function aimv2Layouts(
  extent: Pick<FusedTower, 'hiddenSize' | 'layerCount' | 'usedLayers'>,
): readonly KeyLayout[] {
  const library = libraryLayouts({
    ...extent,
    prefixes: [
      ['Hugging Face', ''],
      ['Hugging Face, with a text tower', 'vision_model.'],
    ],
    layers: 'encoder.layers.',
    owned: /^(embeddings|encoder\.layers|rms_norm|head)\./,
    unused: /^(rms_norm|head)\./,
  });
  const authors = fusedLayouts({
    ...extent,
    prefixes: [
      ['authors', ''],
      ['authors, with a text tower', 'image_encoder.'],
    ],
    outside: {
      'embeddings.patch_embed': 'preprocessor.patchifier.proj',
      'embeddings.rms_norm': 'preprocessor.patchifier.norm',
      'embeddings.position_embedding.weight': 'preprocessor.pos_embed',
      rms_norm: 'trunk.post_trunk_norm',
      'head.k_proj': 'head.k',
      'head.v_proj': 'head.v',
      'head.output_proj': 'head.linear',
    },
    layers: ['encoder.layers.', 'trunk.blocks.'],
    inside: {
      rms_norm1: 'norm_1',
      rms_norm2: 'norm_2',
      'attention.out_proj': 'attn.proj',
      'ffn.gate_proj': 'mlp.fc1',
      'ffn.up_proj': 'mlp.fc3',
      'ffn.down_proj': 'mlp.fc2',
    },
    queryKeyValue: { own, joined: 'attn.qkv' },
    owned: /^(preprocessor|trunk|head)\./,
    unused: /^(trunk\.post_trunk_norm|head)\./,
  });
  const timm = timmLayouts({
    ...extent,
    prefixes: [''],
    outside: {
      'embeddings.patch_embed': 'patch_embed.proj',
      'embeddings.rms_norm': 'patch_embed.norm',
      'embeddings.position_embedding.weight': 'pos_embed',
      rms_norm: 'norm',
    },
    layers: 'encoder.layers.',
    inside: {
      rms_norm1: 'norm1',
      rms_norm2: 'norm2',
      'attention.out_proj': 'attn.proj',
      'ffn.gate_proj': 'mlp.fc1_g',
      'ffn.up_proj': 'mlp.fc1_x',
      'ffn.down_proj': 'mlp.fc2',
    },
    queryKeyValue: own,
  });
  return [...library, ...authors, ...timm];
}
