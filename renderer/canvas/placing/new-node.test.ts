import { expect, test } from 'vitest';
import { applyEdits } from '#engine/graph/apply-edit.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { catalogue } from '#nodes/index.ts';
import { addNodeEdits, freeId } from './new-node.ts';

const none: ReadonlySet<string> = new Set();

function added(
  document: ReturnType<typeof sketchDocument>,
  type: keyof typeof catalogue,
  selection = none,
) {
  const checked = checkGraph(document, catalogue);
  return addNodeEdits(checked, { definition: catalogue[type], selection });
}

test('ids are read, not counted: named after what people call the node', () => {
  const empty = sketchDocument({});
  expect(added(empty, 'encoder/clip-vit').id).toBe('encoder');
  expect(added(empty, 'input/image').id).toBe('image');
  expect(added(empty, 'acceleration/fastv').id).toBe('fastv');
  const one = sketchDocument({ encoder: ['encoder/siglip'], 'encoder-2': ['encoder/siglip'] });
  expect(added(one, 'encoder/clip-vit').id).toBe('encoder-3');
  expect(freeId('encoder-2', one.nodes)).toBe('encoder-3');
});

test('a new node says all it does in the file, and is a node without problems of its own', () => {
  const { edits } = added(sketchDocument({}), 'encoder/clip-vit');
  const applied = applyEdits(sketchDocument({}), edits);
  if (!applied.ok) throw new Error(JSON.stringify(applied.problems));
  const { problems } = checkGraph(applied.value.document, catalogue);
  expect(problems.map(({ code }) => code)).toEqual(['input-missing']);
  expect(applied.value.document.nodes['encoder']?.params).toMatchObject({
    weights: { kind: 'random', seed: 0 },
    precision: 'float32',
  });
});

test('a part is plugged in only where there is no doubt which socket is meant', () => {
  const two = sketchDocument({ language: ['language/decoder'], other: ['language/decoder'] });
  const socketOf = (selection: ReadonlySet<string>, document = two) => {
    const connect = added(document, 'acceleration/fastv', selection).edits.find(
      (edit) => edit.type === 'connect',
    );
    return connect?.edge.to ?? null;
  };
  expect(socketOf(none)).toBeNull();
  expect(socketOf(new Set(['other']))).toEqual({ node: 'other', port: 'acceleration' });
  expect(socketOf(new Set(['language', 'other']))).toBeNull();

  const full = sketchDocument(
    { language: ['language/decoder'], other: ['language/decoder'], fastv: ['acceleration/fastv'] },
    ['fastv.part > language.acceleration'],
  );
  // A socket has room for another part.
  expect(socketOf(none, full)).toBeNull();
  const one = sketchDocument({ language: ['language/decoder'], fastv: ['acceleration/fastv'] }, [
    'fastv.part > language.acceleration',
  ]);
  expect(socketOf(none, one)).toEqual({ node: 'language', port: 'acceleration' });
});
