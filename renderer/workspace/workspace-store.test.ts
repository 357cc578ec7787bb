import { beforeEach, expect, test } from 'vitest';
import type { Edit } from '#engine/contract/edit.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { notices } from '#renderer/notices/notices.ts';
import { whenDocumentGone } from './document-gone.ts';
import { isDirty, savedAs, type OpenDocument } from './open-document.ts';
import {
  activate,
  activeDocument,
  closeDocument,
  edit,
  emptyGraph,
  openDocument,
  redo,
  sealStep,
  select,
  undo,
  updateDocument,
  workspace,
} from './workspace-store.ts';

const graph = sketchDocument({ prompt: ['input/prompt', { text: '' }], answer: ['output/answer'] });
const file = { path: '/graphs/sketch.patchbay.json', folder: '/graphs', stamp: '1' };

beforeEach(() => {
  workspace.setState(workspace.getInitialState(), true);
  notices.setState(notices.getInitialState(), true);
});

function front(): OpenDocument {
  const open = activeDocument(workspace.getState());
  if (!open) throw new Error('The gallery is at the front.');
  return open;
}

const text = (): unknown => front().document.nodes['prompt']?.params['text'];
const type = (value: string): boolean =>
  edit('Change prompt', [{ type: 'set-param', id: 'prompt', param: 'text', value }], 'prompt.text');
const tabs = (): readonly string[] => workspace.getState().documents.map(({ id }) => id);
const told = (): readonly string[] => notices.getState().shown.map(({ text: said }) => said);

test('a graph is opened, edited, undone, redone, saved, edited again and closed', () => {
  const id = openDocument(graph, { file });
  expect(isDirty(front())).toBe(false);

  for (const value of ['W', 'Wh', 'Why']) type(value);
  sealStep();
  for (const value of ['Why?', 'Why??']) type(value);
  expect(front().past).toHaveLength(2);
  undo();
  expect(text()).toBe('Why');
  undo();
  expect(text()).toBe('');
  expect(isDirty(front())).toBe(false);
  expect(told()).toEqual(['Undone: Change prompt']);
  redo();
  expect(told()).toEqual(['Done again: Change prompt']);

  updateDocument(id, (open) => savedAs(open, { ...file, stamp: '2' }, open.past.at(-1) ?? null));
  expect(isDirty(front())).toBe(false);
  expect(front().file?.stamp).toBe('2');
  type('Why not');
  expect(isDirty(front())).toBe(true);
  undo();
  expect(text()).toBe('Why');
  expect(isDirty(front())).toBe(false);

  closeDocument(id);
  expect(workspace.getState()).toEqual({ documents: [], activeId: null });
});

test('at either end of the steps, and in the gallery, nothing is done and nothing is said', () => {
  openDocument(graph);
  const before = workspace.getState().documents;
  undo();
  redo();
  activate(null);
  undo();
  expect(type('lost')).toBe(false);
  select(['prompt']);
  expect(workspace.getState().documents).toEqual(before);
  expect(told()).toEqual([]);
});

test('edits that do not fit change nothing, not even in part, and the reason is told', () => {
  openDocument(graph);
  const before = front();
  const edits: readonly Edit[] = [
    { type: 'remove-node', id: 'prompt' },
    { type: 'remove-node', id: 'nobody' },
  ];
  expect(edit('Remove', edits)).toBe(false);
  expect(front()).toBe(before);
  expect(notices.getState().shown).toMatchObject([{ kind: 'problem', text: /./ }]);
});

test('a file that is open already comes to the front as it is', () => {
  const id = openDocument(graph, { file });
  type('mine');
  openDocument(emptyGraph);
  expect(openDocument(graph, { file: { ...file, stamp: '2' } })).toBe(id);
  expect(text()).toBe('mine');
  expect(front().file?.stamp).toBe('1');
  // Without a file, the same content is another graph.
  openDocument(graph);
  expect(tabs()).toHaveLength(3);
});

test('work of an import counts as unsaved, whatever is undone', () => {
  openDocument(graph, { unsaved: true });
  expect(isDirty(front())).toBe(true);
  type('more');
  undo();
  expect(isDirty(front())).toBe(true);
});

test('whoever is closed, the neighbour at the right comes to the front, at the end the one at the left', () => {
  for (const id of ['a', 'b', 'c']) openDocument(graph, { id });
  activate('b');
  closeDocument('b');
  expect(workspace.getState().activeId).toBe('c');
  closeDocument('c');
  expect(workspace.getState().activeId).toBe('a');
  openDocument(graph, { id: 'd' });
  closeDocument('a');
  expect(workspace.getState().activeId).toBe('d');
});

test('only the graph at the front is edited, and the others stay the same objects', () => {
  for (const id of ['behind', 'front']) openDocument(graph, { id });
  const [behind] = workspace.getState().documents;
  type('changed');
  select(['prompt']);
  const selected = front();
  select(new Set(['prompt']));
  expect(front()).toBe(selected);
  expect(workspace.getState().documents[0]).toBe(behind);
  expect(behind?.document).toBe(graph);
});

test('what is remembered of a closed graph is forgotten once another is opened, unless it came back', () => {
  const forgotten: string[] = [];
  whenDocumentGone((id) => forgotten.push(id));
  for (const id of ['a', 'b', 'c']) openDocument(graph, { id });
  const reopened = workspace.getState().documents.slice(0, 1);
  closeDocument('a');
  type('edits say nothing of what is open');
  expect(forgotten).toEqual([]);
  workspace.setState(({ documents }) => ({ documents: [...documents, ...reopened] }));
  expect(forgotten).toEqual([]);

  closeDocument('b');
  closeDocument('c');
  expect(forgotten).toEqual(['b']);
  openDocument(graph, { id: 'd' });
  expect(forgotten).toEqual(['b', 'c']);
});
