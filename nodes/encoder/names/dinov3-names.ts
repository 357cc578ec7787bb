/** Where checkpoints keep the tensors of a DINOv3; the node calls them as the Hugging Face library does. */
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { fusedLayouts, type FusedTower } from './fused-names.ts';
import { libraryLayouts } from './library-names.ts';

const own = ['attention.q_proj', 'attention.k_proj', 'attention.v_proj'] as const;

export function dinov3Layouts(
  extent: Pick<FusedTower, 'hiddenSize' | 'layerCount' | 'usedLayers'> & {
    readonly gated: boolean;
  },
): readonly KeyLayout[] {
  const library = libraryLayouts({
    ...extent,
    prefixes: [
      ['Hugging Face', ''],
      ['in a whole model', 'model.vision_tower.'],
    ],
    layers: 'layer.',
    owned: /^(embeddings|layer|norm)\./,
    // Masks are for training; the final norm is for the last layer.
    unused: /^(embeddings\.mask_token$|norm\.)/,
  });
  const outside = {
    'embeddings.patch_embeddings': 'patch_embed.proj',
    'embeddings.cls_token': 'cls_token',
  };
  const authors = fusedLayouts({
    ...extent,
    prefixes: [['authors', '']],
    outside: { ...outside, 'embeddings.register_tokens': 'storage_tokens' },
    layers: ['layer.', 'blocks.'],
    inside: {
      'attention.o_proj': 'attn.proj',
      'layer_scale1.lambda1': 'ls1.gamma',
      'layer_scale2.lambda1': 'ls2.gamma',
      'mlp.gate_proj': 'mlp.w1',
      'mlp.up_proj': extent.gated ? 'mlp.w2' : 'mlp.fc1',
      'mlp.down_proj': extent.gated ? 'mlp.w3' : 'mlp.fc2',
    },
    queryKeyValue: { own, joined: 'attn.qkv' },
    owned:
      /^(patch_embed|cls_token|storage_tokens|mask_token|rope_embed|norm|local_cls_norm)(\.|$)/,
    unused: /^(mask_token|rope_embed|norm|local_cls_norm)(\.|$)/,
  });
  const timm = fusedLayouts({
    ...extent,
    prefixes: [['timm', '']],
    outside: { ...outside, 'embeddings.register_tokens': 'reg_token' },
    layers: ['layer.', 'blocks.'],
    inside: {
      'attention.q_proj.bias': 'attn.q_bias',
      'attention.v_proj.bias': 'attn.v_bias',
      'attention.o_proj': 'attn.proj',
      'layer_scale1.lambda1': 'gamma_1',
      'layer_scale2.lambda1': 'gamma_2',
      'mlp.gate_proj': 'mlp.fc1_g',
      'mlp.up_proj': extent.gated ? 'mlp.fc1_x' : 'mlp.fc1',
      'mlp.down_proj': 'mlp.fc2',
    },
    queryKeyValue: { own, joined: 'attn.qkv', biasesApart: true },
    owned: /^(patch_embed|cls_token|reg_token|rope|norm|fc_norm|head)(\.|$)/,
    unused: /^(rope|norm|fc_norm|head)(\.|$)/,
  });
  return [...library, ...authors, ...timm];
}
