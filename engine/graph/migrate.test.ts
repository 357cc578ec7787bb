import { expect, it } from 'vitest';
import { catalogue } from '#nodes/index.ts';
import { migrateDocument, migrateNodes } from './migrate.ts';
import type { AnyNodeDefinition, Catalogue } from '../node/any-node-definition.ts';
import { sketchDocument } from './sketch-document.ts';

it('a document goes through every format from its own to the present one', () => {
  const migrations = {
    [-1]: (old: object) => ({ ...old, steps: ['nodes become a record'] }),
    0: (old: object) => ({ ...old, steps: [...(old as { steps: string[] }).steps, 'notes come'] }),
  };
  expect(migrateDocument({ format: 'patchbay', version: -1, kept: 1 }, migrations)).toEqual({
    format: 'patchbay',
    version: 1,
    kept: 1,
    steps: ['nodes become a record', 'notes come'],
  });
  // Where no step is known, the document stays as it is for the schema to refuse.
  expect(migrateDocument({ version: -2, kept: 1 }, migrations)).toEqual({ version: -2, kept: 1 });
  expect(migrateDocument({ version: 'first' }, migrations)).toEqual({ version: 'first' });
});

/** A pooling that once called its group `k`, then had two of them, and changed nothing since. */
const pooling: AnyNodeDefinition = {
  ...(catalogue['compression/average-pool'] as AnyNodeDefinition),
  version: 4,
  migrations: {
    1: ({ k, ...rest }) => ({ ...rest, kernel: k ?? 2 }),
    2: ({ kernel, ...rest }) => ({ ...rest, rows: kernel ?? 2, columns: kernel ?? 2 }),
  },
};
const later: Catalogue = { 'compression/average-pool': pooling };

it('a node of an older version is brought up step by step, and keeps all else', () => {
  const sketch = sketchDocument({
    first: ['compression/average-pool', { k: 3, mine: true }],
    second: ['compression/average-pool', { kernel: 5 }],
    unknown: ['compression/tome', { k: 1 }],
  });
  const { first, second, unknown } = sketch.nodes;
  const document = {
    ...sketch,
    nodes: {
      first: { ...first!, title: 'Pool', colour: 'teal' },
      second: { ...second!, version: 2 },
      third: { ...second!, version: 3 },
      newer: { ...second!, version: 5 },
      unknown: unknown!,
    },
  };
  expect(migrateNodes(document, later)).toEqual({
    ...document,
    nodes: {
      first: {
        type: 'compression/average-pool',
        version: 4,
        title: 'Pool',
        colour: 'teal',
        params: { mine: true, rows: 3, columns: 3 },
      },
      second: { ...second, version: 4, params: { rows: 5, columns: 5 } },
      third: { ...second, version: 4 },
      newer: document.nodes.newer,
      unknown,
    },
  });
});

it('a width that a squashed picture never heard of stays unheard', () => {
  const squashed = { geometry: 'squash', width: 500 };
  const graph = sketchDocument({
    squashed: ['vision/preprocess', squashed],
    cropped: ['vision/preprocess', { width: 500 }],
  });
  const { nodes } = migrateNodes(graph, catalogue);
  expect(nodes['squashed']).toMatchObject({ version: 2, params: { geometry: 'squash' } });
  expect(nodes['squashed']?.params).not.toHaveProperty('width');
  expect(nodes['cropped']).toMatchObject({ version: 2, params: { width: 500 } });
});
