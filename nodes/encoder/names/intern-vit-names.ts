/** Where checkpoints keep the tensors of an InternViT; the node calls them as the Hugging Face library does. */
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { fusedLayouts, type FusedTower } from './fused-names.ts';
import { libraryLayouts } from './library-names.ts';
import { timmLayouts } from './timm-names.ts';

const own = ['attention.q_proj', 'attention.k_proj', 'attention.v_proj'] as const;

/** The same in a layer as the authors and timm have it. */
const inside = {
  layernorm_before: 'norm1',
  layernorm_after: 'norm2',
  'attention.projection_layer': 'attn.proj',
  'attention.q_norm': 'attn.q_norm',
  'attention.k_norm': 'attn.k_norm',
} as const;

export function internVitLayouts(
  extent: Pick<FusedTower, 'hiddenSize' | 'layerCount' | 'usedLayers'>,
): readonly KeyLayout[] {
  const library = libraryLayouts({
    ...extent,
    prefixes: [
      ['Hugging Face', ''],
      ['InternVL, Hugging Face', 'vision_tower.'],
      ['InternVL, Hugging Face, since version 5', 'model.vision_tower.'],
    ],
    owned: /^(embeddings|encoder\.layer|layernorm)\./,
    unused: /^(embeddings\.mask_token$|layernorm\.)/,
  });
  const authors = fusedLayouts({
    ...extent,
    prefixes: [
      ['authors', ''],
      ['InternVL, authors', 'vision_model.'],
    ],
    outside: {
      'embeddings.patch_embeddings.projection': 'embeddings.patch_embedding',
      'embeddings.position_embeddings': 'embeddings.position_embedding',
      'embeddings.cls_token': 'embeddings.class_embedding',
    },
    layers: ['encoder.layer.', 'encoder.layers.'],
    inside: { ...inside, lambda_1: 'ls1', lambda_2: 'ls2' },
    queryKeyValue: { own, joined: 'attn.qkv' },
    owned: /^embeddings\./,
    unused: /^$/,
  });
  const timm = timmLayouts({
    ...extent,
    prefixes: [''],
    outside: {
      'embeddings.patch_embeddings.projection': 'patch_embed.proj',
      'embeddings.position_embeddings': 'pos_embed',
      'embeddings.cls_token': 'cls_token',
    },
    layers: 'encoder.layer.',
    inside: { ...inside, lambda_1: 'ls1.gamma', lambda_2: 'ls2.gamma' },
    queryKeyValue: own,
  });
  return [...library, ...authors, ...timm];
}
