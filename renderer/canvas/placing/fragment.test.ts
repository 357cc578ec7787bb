import { expect, test } from 'vitest';
import { applyEdits } from '#engine/graph/apply-edit.ts';
import { writeDocument } from '#engine/graph/read-document.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { catalogue } from '#nodes/index.ts';
import { fragmentOf, offsetTo, pasteEdits, pasteOffset, readFragment } from './fragment.ts';

const graph = sketchDocument(
  {
    encoder: ['encoder/clip-vit'],
    pool: ['compression/average-pool', { kernel: 3 }],
    strange: ['compression/from-tomorrow', { a: [1, { b: null }] }],
  },
  ['encoder.tokens > pool.tokens', 'pool.tokens > strange.tokens'],
);
const places = { encoder: { x: 0, y: 0 }, pool: { x: 288, y: 0 }, strange: { x: 576, y: 40 } };

function pasted(document: typeof graph, text: string, offset = { x: 32, y: 32 }) {
  const read = readFragment(text, catalogue);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const { ids, edits } = pasteEdits(document, read.value, offset);
  const applied = applyEdits(document, edits);
  if (!applied.ok) throw new Error(JSON.stringify(applied.problems));
  return { ids, document: applied.value.document };
}

test('what is copied is pasted with the wires between, under ids that are free', () => {
  const text = writeDocument(fragmentOf(graph, places, new Set(['pool', 'strange'])));
  const { ids, document } = pasted(graph, text);
  expect(ids).toEqual(['pool-2', 'strange-2']);
  expect(document.nodes['pool-2']).toEqual(graph.nodes['pool']);
  expect(document.nodes['strange-2']).toEqual(graph.nodes['strange']);
  expect(document.edges).toEqual([
    ...graph.edges,
    { from: { node: 'pool-2', port: 'tokens' }, to: { node: 'strange-2', port: 'tokens' } },
  ]);
  expect(document.layout['pool-2']).toEqual({ x: 320, y: 32 });
  expect(pasted(document, text).ids).toEqual(['pool-3', 'strange-3']);
});

test('a second paste does not hide the first, and one from far away comes to where one looks', () => {
  const fragment = fragmentOf(graph, places, new Set(['pool']));
  expect(pasteOffset(fragment, places)).toEqual({ x: 32, y: 32 });
  expect(pasteOffset(fragment, { ...places, copy: { x: 320, y: 32 } })).toEqual({ x: 64, y: 64 });
  const offset = offsetTo(fragment, { x: 5000, y: 5000 });
  expect(offset.x % 8).toBe(0);
  expect(288 + offset.x).toBeGreaterThan(4800);
});

test('text that is no fragment is refused with a sentence', () => {
  const refused = ['', 'hello', '{"a":1}', '[', '{"format":"patchbay"}'].map((text) => {
    const read = readFragment(text, catalogue);
    return read.ok ? null : read.problems.map(({ message }) => message).join();
  });
  expect(refused[0]).toMatch(/^The clipboard is empty/);
  for (const message of refused.slice(1)) expect(message).toMatch(/^The clipboard holds no nodes/);
  const empty = writeDocument(fragmentOf(graph, places, new Set()));
  expect(readFragment(empty, catalogue).ok).toBe(false);
});
