/** How many nodes of each family there are, in the order of the palette; null counts the unknown ones. Pure. */
import type { CheckedGraph } from '#engine/graph/check.ts';
import { families, type Family } from '#engine/node/node-definition.ts';

export interface FamilyCount {
  readonly family: Family | null;
  readonly count: number;
}

/** Of all nodes, or of those named. */
export function countFamilies(
  { nodes }: Pick<CheckedGraph, 'nodes'>,
  ids: readonly string[] = Object.keys(nodes),
): readonly FamilyCount[] {
  const found = ids.map((id) => nodes[id]?.definition?.family ?? null);
  return [...(Object.keys(families) as Family[]), null].flatMap((family) => {
    const count = found.filter((each) => each === family).length;
    return count > 0 ? [{ family, count }] : [];
  });
}
