/** Which node a picture that is dropped onto the window is meant for. Pure. */
import type { GraphDocument } from '#engine/contract/document.ts';

export const imageNodeType = 'input/image';

/** The selected Image node, or the only one; null where a new one is called for. */
export function imageNodeOf(
  { nodes }: GraphDocument,
  selection: ReadonlySet<string>,
): string | null {
  const all = Object.keys(nodes).filter((id) => nodes[id]?.type === imageNodeType);
  const selected = all.filter((id) => selection.has(id));
  const [meant, ...others] = selected.length > 0 ? selected : all;
  return meant !== undefined && others.length === 0 ? meant : null;
}
