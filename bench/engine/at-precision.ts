/** A preset with every weighted node at another precision, those of blocks with a size of them. */
import type { GraphDocument } from '#engine/contract/document.ts';

export function atPrecision(
  preset: GraphDocument,
  precision: string,
  blockSize?: string,
): GraphDocument {
  const nodes = Object.fromEntries(
    Object.entries(preset.nodes).map(([id, node]) => {
      if (!('weights' in node.params)) return [id, node];
      const params = { ...node.params, precision, ...(blockSize && { blockSize }) };
      return [id, { ...node, params }];
    }),
  );
  return { ...preset, nodes };
}
