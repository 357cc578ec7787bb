/** Where checkpoints keep the tensors of a vision tower. */
import type { KeyLayout } from '#engine/onnx/weight.ts';

const prefixes = [
  ['tower alone', 'vision_model.'],
  ['LLaVA, Hugging Face', 'vision_tower.vision_model.'],
  ['LLaVA, Hugging Face, since version 5', 'model.vision_tower.vision_model.'],
  ['LLaVA, original', 'model.vision_tower.vision_tower.vision_model.'],
] as const;

export interface TowerExtent {
  readonly layerCount: number;
  /** Layers that the graph runs; a checkpoint holds the others too. */
  readonly usedLayers: number;
  /** Tensors that sit beside the tower, such as CLIP's projection. */
  readonly beside: readonly string[];
}

/** Layouts of a tower whose tensors the node names as in `vision_model.*`. */
export function visionTowerLayouts(extent: TowerExtent): readonly KeyLayout[] {
  return prefixes.map(([title, prefix]) => {
    const outer = prefix.slice(0, -'vision_model.'.length);
    const isBeside = (name: string) => extent.beside.some((start) => name.startsWith(start));
    return {
      title,
      key: (name) => (isBeside(name) ? outer + name : prefix + name),
      owns: (key) =>
        key.startsWith(prefix) || (key.startsWith(outer) && isBeside(key.slice(outer.length))),
      ignores: (key) => isUnused(key.startsWith(prefix) ? key.slice(prefix.length) : key, extent),
    };
  });
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
