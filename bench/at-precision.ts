/** A preset with every weighted node at another precision. */
import type { GraphDocument } from '#engine/contract/document.ts';

export function atPrecision(
  preset: GraphDocument,
  precision: string,
  blockSize: string,
): GraphDocument {
  const nodes = Object.fromEntries(
    Object.entries(preset.nodes).map(([id, node]) => {
      const weighted = 'weights' in node.params;
      return [id, weighted ? { ...node, params: { ...node.params, precision, blockSize } } : node];
    }),
  );
  return { ...preset, nodes };
}
