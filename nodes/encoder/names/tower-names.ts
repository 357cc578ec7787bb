/** Where checkpoints keep the tensors of a vision tower. */
import type { KeyLayout, RowCut } from '#engine/onnx/weight.ts';
import { timmLayouts } from './timm-names.ts';

/** By which of a checkpoint's towers the node is. */
const prefixes = {
  pictures: [
    ['tower alone', 'vision_model.'],
    ['LLaVA, Hugging Face', 'vision_tower.vision_model.'],
    ['LLaVA, Hugging Face, since version 5', 'model.vision_tower.vision_model.'],
    ['LLaVA, original', 'model.vision_tower.vision_tower.vision_model.'],
    ['DeepSeek-VL, Hugging Face', 'model.vision_model.'],
    ['MiniCPM-V 2.6', 'vpm.'],
    ['Video-LLaVA, Hugging Face', 'image_tower.vision_model.'],
    ['Video-LLaVA, Hugging Face, since version 5', 'model.image_tower.vision_model.'],
  ],
  clips: [
    ['Video-LLaVA, Hugging Face', 'video_tower.vision_model.'],
    ['Video-LLaVA, Hugging Face, since version 5', 'model.video_tower.vision_model.'],
  ],
} as const;

export type Tower = keyof typeof prefixes;

export const towerParam = {
  kind: 'choice',
  label: 'Tower',
  help: 'Which of them, where a checkpoint holds one for pictures and another for clips, as that of Video-LLaVA.',
  default: 'pictures',
  options: [
    { value: 'pictures', label: 'For pictures', about: 'Or the only one.' },
    { value: 'clips', label: 'For clips', about: 'Video-LLaVA keeps its class token too.' },
  ],
  group: 'weights',
} as const;

const timmNames = {
  prefixes: [
    '',
    // MiniCPM-V 1 and 2.
    'vpm.',
    'vision_backbone.featurizer.',
    'vision_backbone.clip_featurizer.',
    'vision_backbone.siglip_featurizer.',
  ],
  outside: {
    'embeddings.patch_embedding': 'patch_embed.proj',
    'embeddings.position_embedding.weight': 'pos_embed',
    'embeddings.class_embedding': 'cls_token',
    pre_layrnorm: 'norm_pre',
    post_layernorm: 'norm',
    'head.probe': 'attn_pool.latent',
    'head.attention.query': 'attn_pool.q',
    'head.attention.key': 'attn_pool.kv',
    'head.attention.value': 'attn_pool.kv',
    'head.attention.out_proj': 'attn_pool.proj',
    'head.layernorm': 'attn_pool.norm',
    'head.mlp': 'attn_pool.mlp',
  },
  layers: 'encoder.layers.',
  inside: {
    layer_norm1: 'norm1',
    layer_norm2: 'norm2',
    'self_attn.out_proj': 'attn.proj',
  },
  queryKeyValue: ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj'],
} as const;

export interface TowerExtent {
  readonly layerCount: number;
  /** Layers that the graph runs; a checkpoint holds the others too. */
  readonly usedLayers: number;
  /** Tensors that sit beside the tower, such as CLIP's projection. */
  readonly beside: readonly string[];
  readonly hiddenSize: number;
}

/** Layouts of a tower whose tensors the node names as in `vision_model.*`. */
export function visionTowerLayouts(
  extent: TowerExtent,
  tower: Tower = 'pictures',
): readonly KeyLayout[] {
  const library = visionModelLayouts(extent, prefixes[tower]);
  if (tower === 'clips') return library;
  const cut = (name: string) =>
    cutOf(name, ['head.attention.key.', 'head.attention.value.'], extent.hiddenSize);
  return [...library, ...janusLayouts(extent), ...timmLayouts({ ...extent, ...timmNames, cut })];
}

/** Janus keeps its tower where DeepSeek-VL does, and calls the last projection of attention otherwise. */
function janusLayouts(extent: TowerExtent): readonly KeyLayout[] {
  const places = [['Janus, Hugging Face', 'model.vision_model.']] as const;
  return visionModelLayouts(extent, places).map((layout) => ({
    ...layout,
    key: (name) => layout.key(name).replace('.self_attn.out_proj.', '.self_attn.projection_layer.'),
  }));
}

/** The same of the library alone; what is beside a tower lies where its prefix is without `vision_model.`. */
export function visionModelLayouts(
  extent: TowerExtent,
  places: readonly (readonly [title: string, prefix: string])[],
): readonly KeyLayout[] {
  return places.map(([title, prefix]): KeyLayout => {
    const outer = prefix.replace(/vision_model\.$/, '');
    const isBeside = (name: string) => extent.beside.some((start) => name.startsWith(start));
    return {
      title,
      key: (name) => (isBeside(name) ? outer + name : prefix + libraryName(name)),
      cut: (name) => cutOf(name, pooling, extent.hiddenSize),
      owns: (key) =>
        key.startsWith(prefix) || (key.startsWith(outer) && isBeside(key.slice(outer.length))),
      ignores: (key) => isUnused(key.startsWith(prefix) ? key.slice(prefix.length) : key, extent),
    };
  });
}

/** Projections of the pooling head, which the library keeps in one tensor, called otherwise than a linear's. */
const pooling = ['head.attention.query.', 'head.attention.key.', 'head.attention.value.'] as const;

const libraryName = (name: string): string =>
  name.replace(/^(head\.attention)\.(?:query|key|value)\./, '$1.in_proj_');

/** Of a tensor whose parts lie one below the other, the part with this start. */
function cutOf(name: string, starts: readonly string[], rows: number): RowCut | null {
  const part = starts.findIndex((start) => name.startsWith(start));
  return part < 0 ? null : { start: part * rows, of: starts.length * rows };
}

/** Tensors that a tower has but that the features taken do not need. */
function isUnused(name: string, { layerCount, usedLayers, beside }: TowerExtent): boolean {
  const layer = /^encoder\.layers\.(\d+)\./.exec(name)?.[1];
  if (layer !== undefined) return Number(layer) >= usedLayers && Number(layer) < layerCount;
  return (
    name.startsWith('post_layernorm.') ||
    name.startsWith('head.') ||
    name === 'embeddings.position_ids' ||
    beside.some((start) => name.includes(start))
  );
}
