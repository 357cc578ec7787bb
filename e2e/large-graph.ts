/** A graph of many nodes: rows of picture, preprocessing, tower, pooling and projector, as a comparison would have them. */
import { documentVersion, type GraphDocument } from '#engine/contract/document.ts';

const row = [
  ['image', 'input/image'],
  ['preprocess', 'vision/preprocess'],
  ['encoder', 'encoder/clip-vit'],
  ['pool', 'compression/average-pool'],
  ['projector', 'projector/mlp'],
] as const;
const ports = ['image', 'pixels', 'tokens', 'tokens'] as const;

export function largeGraph(nodeCount: number): GraphDocument {
  const rows = Array.from({ length: Math.ceil(nodeCount / row.length) }, (_, index) => index);
  const id = (name: string, index: number): string => `${name}-${index}`;
  return {
    format: 'patchbay',
    version: documentVersion,
    title: `${nodeCount} nodes`,
    about: '',
    nodes: Object.fromEntries(
      rows.flatMap((index) =>
        row.map(([name, type]) => [id(name, index), { type, version: 1, params: {} }]),
      ),
    ),
    edges: rows.flatMap((index) =>
      ports.map((port, place) => ({
        from: { node: id((row[place] as (typeof row)[number])[0], index), port },
        to: { node: id((row[place + 1] as (typeof row)[number])[0], index), port },
      })),
    ),
    layout: Object.fromEntries(
      rows.flatMap((index) =>
        row.map(([name], place) => [
          id(name, index),
          { x: (place + (index % 6) * 5.5) * 264, y: Math.floor(index / 6) * 240 },
        ]),
      ),
    ),
    notes: [],
  };
}
