/** Vision towers as the Hugging Face library names their tensors, where the node calls them the same. */
import type { KeyLayout } from '#engine/onnx/weight.ts';

export interface LibraryTower {
  /** Titles, and where models keep the tower; '' for the tower alone. */
  readonly prefixes: readonly (readonly [title: string, prefix: string])[];
  /** Everything that the tower has. */
  readonly owned: RegExp;
  /** What it has outside its layers that the features taken may not need. */
  readonly unused: RegExp;
  /** What comes before the number of a layer; `encoder.layer.` where left out. */
  readonly layers?: string;
  readonly layerCount: number;
  /** Layers that the graph runs; a checkpoint holds the others too. */
  readonly usedLayers: number;
}

/** Layouts of a tower whose layers are numbered from 0. */
export function libraryLayouts(tower: LibraryTower): readonly KeyLayout[] {
  const { layers = 'encoder.layer.' } = tower;
  const isUnused = (name: string): boolean => {
    if (!name.startsWith(layers)) return tower.unused.test(name);
    const layer = Number(/^(\d+)\./.exec(name.slice(layers.length))?.[1]);
    return layer >= tower.usedLayers && layer < tower.layerCount;
  };
  return tower.prefixes.map(([title, prefix]) => ({
    title,
    key: (name) => prefix + name,
    owns: (key) => key.startsWith(prefix) && tower.owned.test(key.slice(prefix.length)),
    ignores: (key) => isUnused(key.slice(prefix.length)),
  }));
}
