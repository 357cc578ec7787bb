/** Where checkpoints keep the tensors of a DINOv2; the node calls them as the Hugging Face library does. */
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { libraryLayouts } from './library-names.ts';
import { timmLayouts, vitQueryKeyValue } from './timm-names.ts';

const prefixes = [
  ['Hugging Face', ''],
  ['Hugging Face, in a model with a head', 'dinov2.'],
  ['Hugging Face, in a model with a head, with registers', 'dinov2_with_registers.'],
  ['LLaVA, Hugging Face', 'vision_tower.'],
  ['LLaVA, Hugging Face, since version 5', 'model.vision_tower.'],
] as const;

export function dinov2Layouts(extent: {
  readonly hiddenSize: number;
  readonly layerCount: number;
  readonly usedLayers: number;
}): readonly KeyLayout[] {
  const library = libraryLayouts({
    ...extent,
    prefixes,
    owned: /^(embeddings|encoder\.layer|layernorm)\./,
    // Masks are for training; the final norm is for the last layer.
    unused: /^(embeddings\.mask_token$|layernorm\.)/,
  });
  const timm = timmLayouts({
    ...extent,
    prefixes: ['', 'vision_backbone.dino_featurizer.', 'vision_backbone.featurizer.'],
    outside: {
      'embeddings.patch_embeddings.projection': 'patch_embed.proj',
      'embeddings.position_embeddings': 'pos_embed',
      'embeddings.cls_token': 'cls_token',
      'embeddings.register_tokens': 'reg_token',
      layernorm: 'norm',
    },
    layers: 'encoder.layer.',
    inside: {
      'attention.output.dense': 'attn.proj',
      'layer_scale1.lambda1': 'ls1.gamma',
      'layer_scale2.lambda1': 'ls2.gamma',
      'mlp.weights_in': 'mlp.fc1',
      'mlp.weights_out': 'mlp.fc2',
    },
    queryKeyValue: vitQueryKeyValue,
  });
  return [...library, ...timm];
}
