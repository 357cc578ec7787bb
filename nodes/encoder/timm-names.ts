/** Vision towers as timm names their tensors: queries, keys and values of a layer lie in one matrix. */
import type { KeyLayout } from '#engine/onnx/weight.ts';

export interface TimmTower {
  /** Where whole models keep the tower; '' for the tower alone. */
  readonly prefixes: readonly string[];
  /** The node's own names of what is not in a layer, and timm's. */
  readonly outside: Readonly<Record<string, string>>;
  /** What comes before the number of a layer in the node's names, e.g. `encoder.layers.`. */
  readonly layers: string;
  /** The node's own names of what is in a layer, and timm's, without `weight` and `bias`. */
  readonly inside: Readonly<Record<string, string>>;
  /** The node's own names of a layer's three projections. */
  readonly queryKeyValue: readonly [query: string, key: string, value: string];
  readonly hiddenSize: number;
  readonly layerCount: number;
  readonly usedLayers: number;
}

/** Everything that a tower of timm has outside its layers. */
const outsideLayers =
  /^(patch_embed|pos_embed|cls_token|reg_token|norm|norm_pre|fc_norm|attn_pool|head)(\.|$)/;

export function timmLayouts(tower: TimmTower): readonly KeyLayout[] {
  return tower.prefixes.map((prefix) => ({
    title: prefix === '' ? 'timm' : `timm, under ${prefix.slice(0, -1)}`,
    key: (name) => prefix + timmName(name, tower),
    cut: (name) => {
      const part = tower.queryKeyValue.findIndex((projection) => name.includes(`.${projection}.`));
      const { hiddenSize } = tower;
      return part < 0 ? null : { start: part * hiddenSize, of: 3 * hiddenSize };
    },
    owns: (key) => {
      const name = key.slice(prefix.length);
      return key.startsWith(prefix) && (name.startsWith('blocks.') || outsideLayers.test(name));
    },
    ignores: (key) => {
      const name = key.slice(prefix.length);
      const layer = /^blocks\.(\d+)\./.exec(name)?.[1];
      if (layer === undefined) return /^(norm|fc_norm|attn_pool|head)\./.test(name);
      return Number(layer) >= tower.usedLayers && Number(layer) < tower.layerCount;
    },
  }));
}

function timmName(name: string, tower: TimmTower): string {
  if (!name.startsWith(tower.layers)) return renamed(name, tower.outside);
  const [, layer = '', rest = ''] = /^(\d+)\.(.*)$/.exec(name.slice(tower.layers.length)) ?? [];
  const projections = tower.queryKeyValue.map((projection) => [projection, 'attn.qkv'] as const);
  return `blocks.${layer}.${renamed(rest, { ...tower.inside, ...Object.fromEntries(projections) })}`;
}

/** The name whose start is in the table, with that start replaced. */
function renamed(name: string, table: Readonly<Record<string, string>>): string {
  for (const [ours, theirs] of Object.entries(table)) {
    if (name === ours) return theirs;
    if (name.startsWith(`${ours}.`)) return theirs + name.slice(ours.length);
  }
  return name;
}
