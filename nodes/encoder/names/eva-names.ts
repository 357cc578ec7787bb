/** Where checkpoints keep the tensors of an EVA; the node calls them nearly as the Hugging Face library does. */
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { fusedLayouts, type FusedTower } from './fused-names.ts';

const own = ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj'] as const;

/** As EVA's authors and timm call what LAVIS keeps too. */
const authors = {
  layers: ['encoder.layers.', 'blocks.'],
  inside: {
    'self_attn.q_proj.bias': 'attn.q_bias',
    'self_attn.v_proj.bias': 'attn.v_bias',
    'self_attn.projection': 'attn.proj',
    layer_norm1: 'norm1',
    layer_norm2: 'norm2',
  },
  queryKeyValue: { own, joined: 'attn.qkv', biasesApart: true },
} as const satisfies Partial<FusedTower>;

const outside = {
  'embeddings.patch_embedding': 'patch_embed.proj',
  'embeddings.position_embedding': 'pos_embed',
  'embeddings.class_embedding': 'cls_token',
} as const;

const owned = /^(patch_embed|pos_embed|cls_token|norm|fc_norm|head)(\.|$)/;

export function evaLayouts(
  extent: Pick<FusedTower, 'hiddenSize' | 'layerCount' | 'usedLayers'>,
): readonly KeyLayout[] {
  const library = fusedLayouts({
    ...extent,
    prefixes: [
      ['Hugging Face', 'vision_model.'],
      ['Hugging Face, since version 5', 'model.vision_model.'],
    ],
    outside: {},
    layers: ['encoder.layers.', 'encoder.layers.'],
    inside: {},
    queryKeyValue: { own, joined: 'self_attn.qkv' },
    owned: /^(embeddings|post_layernorm)\./,
    unused: /^post_layernorm\./,
  });
  const timm = (norm: string) =>
    fusedLayouts({
      ...extent,
      ...authors,
      prefixes: [[norm === 'norm' ? 'timm' : 'timm, norm of the mean', '']],
      outside: { ...outside, post_layernorm: norm },
      owned,
      unused: /^(norm|fc_norm|head)\./,
    });
  const [lavis] = fusedLayouts({
    ...extent,
    ...authors,
    prefixes: [['LAVIS', 'visual_encoder.']],
    outside,
    owned,
    unused: /^$/,
  }) as readonly [KeyLayout];
  // LAVIS keeps the final norm beside the tower.
  const beside = 'ln_vision.';
  const besideTower: KeyLayout = {
    ...lavis,
    key: (name) => {
      const [, part] = /^post_layernorm\.(.*)$/.exec(name) ?? [];
      return part === undefined ? lavis.key(name) : beside + part;
    },
    owns: (key) => key.startsWith(beside) || lavis.owns(key),
    ignores: (key) => key.startsWith(beside) || lavis.ignores?.(key) === true,
  };
  return [...library, ...timm('fc_norm'), ...timm('norm'), besideTower];
}
