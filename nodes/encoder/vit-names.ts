/** Where checkpoints keep the tensors of a plain vision transformer; the node calls them as the Hugging Face library does. */
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { timmLayouts } from './timm-names.ts';

const prefixes = [
  ['Hugging Face', ''],
  ['Hugging Face, in a model with a head', 'vit.'],
] as const;

const towerPart = /^(embeddings|encoder\.layer|layernorm|pooler)\./;

export function vitLayouts(extent: {
  readonly hiddenSize: number;
  readonly layerCount: number;
  readonly usedLayers: number;
}): readonly KeyLayout[] {
  const { layerCount, usedLayers } = extent;
  const isUnused = (name: string) => {
    const layer = /^encoder\.layer\.(\d+)\./.exec(name)?.[1];
    if (layer !== undefined) return Number(layer) >= usedLayers && Number(layer) < layerCount;
    // Masks are for training; final norm and pooler are for the last layer.
    return name === 'embeddings.mask_token' || /^(layernorm|pooler)\./.test(name);
  };
  const library = prefixes.map(([title, prefix]): KeyLayout => ({
    title,
    key: (name) => prefix + name,
    owns: (key) => key.startsWith(prefix) && towerPart.test(key.slice(prefix.length)),
    ignores: (key) => isUnused(key.slice(prefix.length)),
  }));
  const timm = timmLayouts({
    ...extent,
    prefixes: [''],
    outside: {
      'embeddings.patch_embeddings.projection': 'patch_embed.proj',
      'embeddings.position_embeddings': 'pos_embed',
      'embeddings.cls_token': 'cls_token',
      layernorm: 'norm',
    },
    layers: 'encoder.layer.',
    inside: {
      layernorm_before: 'norm1',
      layernorm_after: 'norm2',
      'attention.output.dense': 'attn.proj',
      'intermediate.dense': 'mlp.fc1',
      'output.dense': 'mlp.fc2',
    },
    queryKeyValue: [
      'attention.attention.query',
      'attention.attention.key',
      'attention.attention.value',
    ],
  });
  return [...library, ...timm];
}
