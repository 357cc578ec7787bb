/** Where checkpoints keep the tensors of a plain vision transformer; the node calls them as the Hugging Face library does. */
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { libraryLayouts } from './library-names.ts';
import { timmLayouts, vitInside, vitQueryKeyValue } from './timm-names.ts';

const prefixes = [
  ['Hugging Face', ''],
  ['Hugging Face, in a model with a head', 'vit.'],
] as const;

export function vitLayouts(extent: {
  readonly hiddenSize: number;
  readonly layerCount: number;
  readonly usedLayers: number;
}): readonly KeyLayout[] {
  const library = libraryLayouts({
    ...extent,
    prefixes,
    owned: /^(embeddings|encoder\.layer|layernorm|pooler)\./,
    // Masks are for training; final norm and pooler are for the last layer.
    unused: /^(embeddings\.mask_token$|layernorm\.|pooler\.)/,
  });
  const timm = timmLayouts({
    ...extent,
    // Under the first, BLIP and what is made of it.
    prefixes: ['visual_encoder.', ''],
    outside: {
      'embeddings.patch_embeddings.projection': 'patch_embed.proj',
      'embeddings.position_embeddings': 'pos_embed',
      'embeddings.cls_token': 'cls_token',
      layernorm: 'norm',
    },
    layers: 'encoder.layer.',
    inside: vitInside,
    queryKeyValue: vitQueryKeyValue,
  });
  return [...library, ...timm];
}
