/** Where checkpoints keep the tensors of MobileCLIP-B's image tower; the node calls its layers as the ViT does. */
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { renamedBy, type RenamingRules } from '../staged/stage-names.ts';
import { timmLayouts, vitInside, vitQueryKeyValue } from './timm-names.ts';

/** Apple's own names in place of timm's. */
const appleRules: RenamingRules = [
  [/^patch_embed\.backbone\.(\d)\.conv\./, 'patch_emb.$1.block.conv.'],
  [/^patch_embed\.backbone\.(\d)\.bn\./, 'patch_emb.$1.block.norm.'],
  [/^pos_embed$/, 'pos_embed.pos_embed.pos_embed'],
  [/^norm\./, 'post_transformer_norm.'],
  [/^blocks\./, 'transformer.'],
  [/\.norm1\./, '.pre_norm_mha.0.'],
  [/\.attn\.qkv\./, '.pre_norm_mha.1.qkv_proj.'],
  [/\.attn\.proj\./, '.pre_norm_mha.1.out_proj.'],
  [/\.norm2\./, '.pre_norm_ffn.0.'],
  [/\.mlp\.fc1\./, '.pre_norm_ffn.1.'],
  [/\.mlp\.fc2\./, '.pre_norm_ffn.4.'],
];

const applePrefix = 'image_encoder.model.';

interface Extent {
  readonly hiddenSize: number;
  readonly layerCount: number;
  readonly usedLayers: number;
}

export function mobileClipVitLayouts(extent: Extent): readonly KeyLayout[] {
  const timm = timmLayouts({
    ...extent,
    prefixes: ['', 'visual.trunk.'],
    outside: {
      stem: 'patch_embed.backbone',
      'embeddings.position_embeddings': 'pos_embed',
      'embeddings.cls_token': 'cls_token',
      layernorm: 'norm',
    },
    layers: 'encoder.layer.',
    inside: vitInside,
    queryKeyValue: vitQueryKeyValue,
  }).map((layout): KeyLayout => ({
    ...layout,
    ignores: (key) => isCounter(key) || layout.ignores?.(key) === true,
  }));
  return [...timm, ...timm.slice(0, 1).map((layout) => appleLayout(layout, extent))];
}

const isCounter = (key: string): boolean => key.endsWith('.num_batches_tracked');

function appleLayout(timm: KeyLayout, { layerCount, usedLayers }: Extent): KeyLayout {
  return {
    ...timm,
    title: 'MobileCLIP',
    key: (name) => applePrefix + renamedBy(appleRules, timm.key(name)),
    owns: (key) => key.startsWith(applePrefix),
    ignores: (key) => {
      const name = key.slice(applePrefix.length);
      const layer = /^transformer\.(\d+)\./.exec(name)?.[1];
      if (layer !== undefined) return Number(layer) >= usedLayers && Number(layer) < layerCount;
      return isCounter(key) || /^(post_transformer_norm|classifier)\./.test(name);
    },
  };
}
