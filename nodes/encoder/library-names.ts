/** Vision towers as the Hugging Face library names their tensors, where the node calls them the same. */
import type { KeyLayout } from '#engine/onnx/weight.ts';

export interface LibraryTower {
  /** Titles, and where models keep the tower; '' for the tower alone. */
  readonly prefixes: readonly (readonly [title: string, prefix: string])[];
  /** Everything that the tower has. */
  readonly owned: RegExp;
  /** What it has outside its layers that the features taken may not need. */
  readonly unused: RegExp;
  readonly layerCount: number;
  /** Layers that the graph runs; a checkpoint holds the others too. */
  readonly usedLayers: number;
}

/** Layouts of a tower whose layers are called `encoder.layer.0` and on. */
export function libraryLayouts(tower: LibraryTower): readonly KeyLayout[] {
  const isUnused = (name: string): boolean => {
    const layer = /^encoder\.layer\.(\d+)\./.exec(name)?.[1];
    if (layer === undefined) return tower.unused.test(name);
    return Number(layer) >= tower.usedLayers && Number(layer) < tower.layerCount;
  };
  return tower.prefixes.map(([title, prefix]) => ({
    title,
    key: (name) => prefix + name,
    owns: (key) => key.startsWith(prefix) && tower.owned.test(key.slice(prefix.length)),
    ignores: (key) => isUnused(key.slice(prefix.length)),
  }));
}
