/** A preset whose language model keeps keys and values in another format. */
import type { GraphDocument } from '#engine/contract/document.ts';

export function atCacheFormat(preset: GraphDocument, cacheFormat: string): GraphDocument {
  const nodes = Object.fromEntries(
    Object.entries(preset.nodes).map(([id, node]) => {
      const isDecoder = node.type === 'language/decoder';
      return [id, isDecoder ? { ...node, params: { ...node.params, cacheFormat } } : node];
    }),
  );
  return { ...preset, nodes };
}
