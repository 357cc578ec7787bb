import { expect, test } from 'vitest';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import {
  edited,
  isDirty,
  openedDocument,
  redone,
  savedAs,
  sealed,
  undone,
} from './open-document.ts';

const start = openedDocument(
  'a',
  sketchDocument({ prompt: ['input/prompt', { text: '' }], answer: ['output/answer'] }, []),
);
const file = { path: '/g.patchbay.json', folder: '/', stamp: '1' };

function typed(open: typeof start, text: string): typeof start {
  const edit = { type: 'set-param', id: 'prompt', param: 'text', value: text } as const;
  const outcome = edited(open, 'Change text', [edit], 'prompt.text');
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems));
  return outcome.value;
}

test('a word typed is one step, and undo and redo walk over it whole', () => {
  const written = ['w', 'wh', 'wha', 'what'].reduce(typed, start);
  expect(written.past).toHaveLength(1);
  const back = undone(written);
  expect(back.document).toEqual(start.document);
  expect(isDirty(back)).toBe(false);
  expect(redone(back).document).toEqual(written.document);

  const two = typed(sealed(written), 'what colour');
  expect(two.past).toHaveLength(2);
  expect(undone(two).document).toEqual(written.document);
});

test('what is in the file is clean, also after undo and redo, until something else is done', () => {
  const written = typed(start, 'saved');
  const saved = savedAs(written, file, written.past.at(-1) ?? null);
  expect(isDirty(saved)).toBe(false);
  expect(isDirty(undone(saved))).toBe(true);
  expect(isDirty(redone(undone(saved)))).toBe(false);
  // Typing on after a save is a step of its own, or undo could not come back to the file.
  const more = typed(saved, 'saved and more');
  expect(isDirty(more)).toBe(true);
  expect(isDirty(undone(more))).toBe(false);
  expect(isDirty(typed(undone(saved), 'otherwise'))).toBe(true);
});

test('nodes that an undo takes away are no longer selected', () => {
  const node = { type: 'input/image', version: 1, params: {} };
  const added = edited(start, 'Add', [{ type: 'add-node', id: 'new', node, position: null }]);
  if (!added.ok) throw new Error('refused');
  const selected = { ...added.value, selection: new Set(['new', 'prompt']) };
  expect([...undone(selected).selection]).toEqual(['prompt']);
});

test('an edit that does not fit leaves everything as it was and says why', () => {
  const refused = edited(start, 'Remove', [{ type: 'remove-node', id: 'nobody' }]);
  expect(refused).toMatchObject({ ok: false, problems: [{ severity: 'error' }] });
});
