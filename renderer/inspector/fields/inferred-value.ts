/** The number that an empty field stands for, read off the node's wires. Pure. */
import type { CheckedNode } from '#engine/graph/check.ts';
import type { WireType } from '#engine/node/wire.ts';

type Inference = (node: CheckedNode) => number | null;

const channelsOf = (wires: readonly (WireType | undefined)[]): number | null => {
  const tokens = wires.find((wire) => wire?.kind === 'tokens');
  return tokens?.kind === 'tokens' ? tokens.channels : null;
};

const pixelsOf = ({ outputs }: CheckedNode): Extract<WireType, { kind: 'pixels' }> | null => {
  const pixels = Object.values(outputs).find((wire) => wire?.kind === 'pixels');
  return pixels?.kind === 'pixels' ? pixels : null;
};

/** What a parameter of this name means wherever a node may leave it empty. */
const inferences: Readonly<Record<string, Inference>> = {
  inputWidth: ({ inputs }) => channelsOf(Object.values(inputs).flat()),
  outputWidth: ({ outputs }) => channelsOf(Object.values(outputs)),
  hiddenWidth: ({ outputs }) => channelsOf(Object.values(outputs)),
  laterWidth: ({ params, outputs }) =>
    typeof params['hiddenWidth'] === 'number'
      ? params['hiddenWidth']
      : channelsOf(Object.values(outputs)),
  size: (node) => pixelsOf(node)?.height ?? null,
  width: (node) => pixelsOf(node)?.width ?? null,
  resizeTo: (node) => pixelsOf(node)?.height ?? null,
};

/**
 * Parameters that stand for no number that the wires tell where they are empty: no limit, no such vectors or layers, as
 * wide as a host, or as many as a formula says.
 */
export const numberless: ReadonlySet<string> = new Set([
  'frameCount',
  'mediaCount',
  'mostTiles',
  'expertSize',
  'sharedSize',
  'chunkSize',
  'features',
  'unrotatedEvery',
  'embeddingSize',
  'attentionWindow',
  'fullAttentionEvery',
  'queryRank',
]);

/** Null where nothing is wired yet, or where an empty field stands for no number. */
export function inferredValue(node: CheckedNode, param: string): number | null {
  return Object.hasOwn(inferences, param) ? (inferences[param]?.(node) ?? null) : null;
}
