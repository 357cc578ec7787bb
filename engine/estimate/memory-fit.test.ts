/** What would make a graph fit that does not: every change is reckoned on the changed graph. */
import { expect, it } from 'vitest';
import { readPreset } from '#host/presets.ts';
import { catalogue } from '#nodes/index.ts';
import type { GraphDocument } from '../contract/document.ts';
import type { Catalogue } from '../node/any-node-definition.ts';
import { checkGraph } from '../graph/check.ts';
import { estimateGraph, reservedBytes, type GraphEstimate } from './estimate.ts';
import { memoryChanges, memoryFit } from './memory-fit.ts';

const definitions: Catalogue = catalogue;

async function preset(id: string): Promise<GraphDocument> {
  const read = await readPreset(id);
  if (!read.ok) throw new Error(read.problems[0]?.message);
  return read.value;
}

function estimated(document: GraphDocument): GraphEstimate {
  const estimate = estimateGraph(checkGraph(document, catalogue));
  if (!estimate.ok) throw new Error(estimate.problems[0]?.message);
  return estimate.value;
}

it('counts what the system and the engine need as well', async () => {
  const estimate = estimated(await preset('shapes-llava'));
  const needed = estimate.totals.peakBytes + reservedBytes;
  expect(memoryFit(estimate, needed)).toMatchObject({ fits: true, neededBytes: needed });
  expect(memoryFit(estimate, needed - 1).fits).toBe(false);
});

it('says how much int4 saves, as the graph in int4 has it, and what else does', async () => {
  const document = await preset('llava-1.5-7b');
  const changes = memoryChanges(document, catalogue, 8 * 2 ** 30);
  const [first] = changes;
  expect(first).toMatchObject({ title: 'int4 in place of float32', fits: true });
  const nodes = Object.entries(document.nodes).map(([id, node]) => {
    const hasPrecision = definitions[node.type]?.params['precision'] !== undefined;
    return [
      id,
      hasPrecision ? { ...node, params: { ...node.params, precision: 'int4' } } : node,
    ] as const;
  });
  const packed = estimated({ ...document, nodes: Object.fromEntries(nodes) });
  expect(first?.savedBytes).toBe(estimated(document).totals.peakBytes - packed.totals.peakBytes);
  const saved = changes.map(({ savedBytes }) => savedBytes);
  expect(saved).toEqual(saved.toSorted((a, b) => b - a));
});

it('names fewer tokens and a smaller cache where keys and values are what is large', async () => {
  const document = await preset('llava-1.5-7b');
  const { nodes } = document;
  const [id, node] = Object.entries(nodes).find(([, { type }]) => type.startsWith('language/')) as [
    string,
    GraphDocument['nodes'][string],
  ];
  const packed = { ...node, params: { ...node.params, precision: 'int4' } };
  const changes = memoryChanges({ ...document, nodes: { ...nodes, [id]: packed } }, catalogue, 1e9);
  expect(changes.map(({ title }) => title)).toEqual(
    expect.arrayContaining([
      'Keys and values in int8 in place of float32',
      'Half the visual tokens',
    ]),
  );
});
