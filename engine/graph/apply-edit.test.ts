import { describe, expect, it } from 'vitest';
import { readPreset } from '#host/presets.ts';
import { catalogue } from '#nodes/index.ts';
import { documentLimits, documentSchema, type GraphDocument } from '../contract/document.ts';
import type { Edit } from '../contract/edit.ts';
import { applyEdit, applyEdits } from './apply-edit.ts';
import { checkGraph } from './check.ts';
import { sketchDocument } from './sketch-document.ts';

const outcome = await readPreset('tinyllava-1.5b');
if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems));
const llava = outcome.value;

const wire = (from: string, to: string) => sketchDocument({}, [`${from} > ${to}`]).edges[0]!;

describe('a graph that is edited', () => {
  it('gets a token compression put in between as one step, and taken out again', () => {
    const direct = wire('encoder.tokens', 'projector.tokens');
    const steps: readonly Edit[] = [
      {
        type: 'add-node',
        id: 'pool',
        node: { type: 'compression/average-pool', version: 1, params: {} },
        position: { x: 700, y: 40 },
      },
      { type: 'disconnect', edge: direct },
      { type: 'connect', edge: wire('encoder.tokens', 'pool.tokens') },
      { type: 'connect', edge: wire('pool.tokens', 'projector.tokens') },
      { type: 'set-param', id: 'pool', param: 'kernel', value: 3 },
      { type: 'set-title', id: 'pool', title: 'Nine into one' },
      { type: 'set-graph-title', title: 'Pooled' },
      { type: 'move-node', id: 'pool', position: { x: 710, y: 45 } },
    ];
    const { document, inverse } = apply(llava, steps);
    const { problems, nodes } = checkGraph(document, catalogue);
    expect(problems).toEqual([]);
    expect(nodes['language']?.inputs['visual']).toMatchObject([{ count: { tokens: 81 } }]);
    expect(document.layout['pool']).toEqual({ x: 710, y: 45 });
    expect(document.title).toBe('Pooled');

    const undone = apply(document, inverse);
    expect(undone.document).toEqual(llava);
    expect(apply(undone.document, undone.inverse).document).toEqual(document);
  });

  it('loses the wires of a node with it, and gets them back at their old places', () => {
    const { document, inverse } = apply(llava, [{ type: 'remove-node', id: 'encoder' }]);
    expect(document.edges).toHaveLength(llava.edges.length - 2);
    expect(Object.keys(document.layout)).not.toContain('encoder');
    expect(apply(document, inverse).document).toEqual(llava);
  });

  it('gives a node back at its place among the others, which is that of its picture among several', () => {
    const { document, inverse } = apply(llava, [{ type: 'remove-node', id: 'image' }]);
    const undone = apply(document, inverse);
    expect(Object.keys(undone.document.nodes)).toEqual(Object.keys(llava.nodes));
  });

  it('gives back a place that was there before a node of its name', () => {
    const orphaned = { ...llava, layout: { ...llava.layout, pool: { x: 3, y: 4, width: 300 } } };
    const node = { type: 'compression/average-pool', version: 1, params: {} };
    for (const position of [{ x: 1, y: 1 }, null]) {
      const added = apply(orphaned, [{ type: 'add-node', id: 'pool', node, position }]);
      const undone = apply(added.document, added.inverse);
      expect(undone.document).toEqual(orphaned);
      expect(apply(undone.document, undone.inverse).document).toEqual(added.document);
    }
  });

  it('moves a node and nothing else: what else a place is said to hold is not put there', () => {
    const position = { x: 5, y: 6, width: 300 };
    const { document, inverse } = apply(llava, [{ type: 'move-node', id: 'encoder', position }]);
    expect(document.layout['encoder']).toEqual({ x: 5, y: 6 });
    expect(apply(document, inverse).document).toEqual(llava);
  });

  it('keeps what this version does not know, on a node, its place and its wires', () => {
    const future = {
      ...llava,
      nodes: { ...llava.nodes, encoder: { ...llava.nodes['encoder']!, locked: true } },
      layout: { ...llava.layout, encoder: { x: 1, y: 2, width: 300 } },
      edges: llava.edges.map((edge, index) => ({ ...edge, colour: index })),
    };
    const moved = apply(future, [
      { type: 'move-node', id: 'encoder', position: { x: 5, y: 6 } },
      { type: 'set-param', id: 'encoder', param: 'featureLayer', value: -1 },
    ]);
    expect(moved.document.layout['encoder']).toEqual({ x: 5, y: 6, width: 300 });
    expect(moved.document.nodes['encoder']).toMatchObject({ locked: true });
    const removed = apply(moved.document, [{ type: 'remove-node', id: 'encoder' }]);
    expect(apply(removed.document, [...removed.inverse, ...moved.inverse]).document).toEqual(
      future,
    );
  });

  it('that was never laid out comes back without a layout', () => {
    const bare = { ...llava, layout: {} };
    const removed = apply(bare, [{ type: 'remove-node', id: 'answer' }]);
    expect(apply(removed.document, removed.inverse).document).toEqual(bare);
    const moved = apply(bare, [{ type: 'move-node', id: 'answer', position: { x: 1, y: 1 } }]);
    expect(apply(moved.document, moved.inverse).document).toEqual(bare);
  });

  it('keeps a wire that dangled at an id when a node of that id comes and goes', () => {
    const { answer, ...nodes } = llava.nodes;
    const dangling = { ...llava, nodes };
    const position = llava.layout['answer'] ?? null;
    const added = apply({ ...dangling, layout: without(llava.layout, 'answer') }, [
      { type: 'add-node', id: 'answer', node: answer!, position },
    ]);
    expect(added.document).toEqual(llava);
    const undone = apply(added.document, added.inverse).document;
    expect(undone).toEqual({ ...dangling, layout: without(llava.layout, 'answer') });
  });
});

describe('an edit that cannot be made', () => {
  const node = { type: 'output/answer', version: 1, params: {} };
  const position = { x: 0, y: 0 };
  it.each<[string, Edit, string, string]>([
    [
      'a node whose id is taken',
      { type: 'add-node', id: 'answer', node, position },
      'document-invalid',
      'There already is a node "answer"; choose another id.',
    ],
    [
      'an id that no file may have',
      { type: 'add-node', id: '2nd answer', node, position },
      'document-invalid',
      'its "id" is invalid: must be a letter',
    ],
    [
      'a node far outside',
      { type: 'move-node', id: 'answer', position: { x: 1e7, y: 0 } },
      'document-invalid',
      'its "position.x" is invalid',
    ],
    [
      'a title that fills a page',
      { type: 'set-title', id: 'answer', title: 'A'.repeat(201) },
      'document-invalid',
      'its "title" is invalid',
    ],
    [
      'a node that is not there',
      { type: 'remove-node', id: 'toString' },
      'node-unknown',
      'toString',
    ],
    [
      'a parameter of a node that is not there',
      { type: 'set-param', id: 'nobody', param: 'a', value: 1 },
      'node-unknown',
      'There is no node "nobody" in the graph.',
    ],
    [
      'a wire that is not there',
      { type: 'disconnect', edge: wire('image.image', 'answer.answer') },
      'wire-dangling',
      'There is no such wire to remove.',
    ],
    [
      'a wire that is elsewhere',
      { type: 'disconnect', edge: wire('image.image', 'preprocess.image'), index: 3 },
      'wire-dangling',
      'There is no such wire to remove.',
    ],
  ])('says why: %s', (_, edit, code, says) => {
    const failed = applyEdit(llava, edit);
    expect(failed).toMatchObject({ ok: false, problems: [{ code }] });
    expect(failed.ok ? '' : failed.problems[0]?.message).toContain(says);
  });

  it('takes those before it in the same step along', () => {
    const before = structuredClone(llava);
    const failed = applyEdits(llava, [
      { type: 'set-title', id: 'answer', title: 'Out' },
      { type: 'remove-node', id: 'nobody' },
    ]);
    expect(failed.ok).toBe(false);
    expect(llava).toEqual(before);
  });

  it('is one more node than a file may have', () => {
    const count = documentLimits.nodes;
    const full = {
      ...llava,
      nodes: Object.fromEntries(Array.from({ length: count }, (_, n) => [`n${n}`, node])),
    };
    expect(documentSchema.safeParse(full).success).toBe(true);
    expect(applyEdit(full, { type: 'add-node', id: 'more', node, position })).toMatchObject({
      ok: false,
      problems: [{ message: 'A graph may have at most 5000 nodes; split it.' }],
    });
  });
});

function apply(document: GraphDocument, edits: readonly Edit[]) {
  const applied = applyEdits(document, edits);
  if (!applied.ok) throw new Error(JSON.stringify(applied.problems));
  return applied.value;
}

function without<Item>(items: Readonly<Record<string, Item>>, key: string): Record<string, Item> {
  return Object.fromEntries(Object.entries(items).filter(([name]) => name !== key));
}
