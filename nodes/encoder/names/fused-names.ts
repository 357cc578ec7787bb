/** Vision towers of which a checkpoint keeps queries, keys and values of a layer in one matrix, under other names than the node's. */
import type { KeyLayout } from '#engine/onnx/weight.ts';

export interface FusedTower {
  /** Titles, and where models keep the tower; '' for the tower alone. */
  readonly prefixes: readonly (readonly [title: string, prefix: string])[];
  /** The node's own names of what is not in a layer, and theirs. */
  readonly outside: Readonly<Record<string, string>>;
  /** What comes before the number of a layer in the node's names, e.g. `encoder.layers.`, and in theirs. */
  readonly layers: readonly [own: string, theirs: string];
  /** The node's own names of what is in a layer, and theirs, without `weight` and `bias` where both are the same. */
  readonly inside: Readonly<Record<string, string>>;
  /** The node's own names of a layer's three projections, and that of their joined matrix. */
  readonly queryKeyValue: {
    readonly own: readonly [query: string, key: string, value: string];
    readonly joined: string;
    /** Their biases have names of their own, given in `inside`. */
    readonly biasesApart?: boolean;
  };
  /** What else is cut out of a joined tensor: which rows, of how many. */
  readonly cut?: KeyLayout['cut'];
  /** What they call all that the tower has outside its layers. */
  readonly owned: RegExp;
  /** Of that, what the features taken may not need. */
  readonly unused: RegExp;
  readonly hiddenSize: number;
  readonly layerCount: number;
  /** Layers that the graph runs; a checkpoint holds the others too. */
  readonly usedLayers: number;
}

export function fusedLayouts(tower: FusedTower): readonly KeyLayout[] {
  const [, theirs] = tower.layers;
  return tower.prefixes.map(([title, prefix]) => ({
    title,
    key: (name) => prefix + theirName(name, tower),
    cut: (name) => queryKeyValueCut(name, tower) ?? tower.cut?.(name) ?? null,
    owns: (key) => {
      const name = key.slice(prefix.length);
      return key.startsWith(prefix) && (name.startsWith(theirs) || tower.owned.test(name));
    },
    ignores: (key) => {
      const name = key.slice(prefix.length);
      if (!name.startsWith(theirs)) return tower.unused.test(name);
      const layer = Number(/^(\d+)\./.exec(name.slice(theirs.length))?.[1]);
      return layer >= tower.usedLayers && layer < tower.layerCount;
    },
  }));
}

function queryKeyValueCut(name: string, { queryKeyValue, layers, hiddenSize }: FusedTower) {
  const { own, biasesApart = false } = queryKeyValue;
  if (!name.startsWith(layers[0]) || (biasesApart && name.endsWith('.bias'))) return null;
  const part = own.findIndex((projection) => name.includes(`.${projection}.`));
  return part < 0 ? null : { start: part * hiddenSize, of: 3 * hiddenSize };
}

function theirName(name: string, { outside, layers, inside, queryKeyValue }: FusedTower): string {
  const [own, theirs] = layers;
  if (!name.startsWith(own)) return renamed(name, outside);
  const [, layer = '', rest = ''] = /^(\d+)\.(.*)$/.exec(name.slice(own.length)) ?? [];
  const projections = queryKeyValue.own.map((each) => [each, queryKeyValue.joined] as const);
  return `${theirs}${layer}.${renamed(rest, { ...inside, ...Object.fromEntries(projections) })}`;
}

/** The name whose start is in the table, with that start replaced. */
function renamed(name: string, table: Readonly<Record<string, string>>): string {
  for (const [ours, theirs] of Object.entries(table)) {
    if (name === ours) return theirs;
    if (name.startsWith(`${ours}.`)) return theirs + name.slice(ours.length);
  }
  return name;
}
