import { beforeEach, expect, test } from 'vitest';
import { error } from '#engine/contract/problem.ts';
import { notices, tell, tellProblems } from './notices.ts';

beforeEach(() => notices.setState(notices.getInitialState(), true));

const shown = (): readonly string[] => notices.getState().shown.map(({ text }) => text);
const way = { title: 'Open it again', run: () => undefined };

test('of what was done the last is read; a problem, and what leads back to something, stands beside it', () => {
  tellProblems([error('file-unreadable', 'The folder is read-only; choose another.')]);
  tell('Closed “Sketch” without saving.', way);
  tell('Undone: Move the wire');
  tell('Undone: Connect');
  tell('Done again: Connect');
  expect(shown()).toEqual([
    'The folder is read-only; choose another.',
    'Closed “Sketch” without saving.',
    'Done again: Connect',
  ]);
});

test('the same sentence is shown once, and of many no more than can be read', () => {
  for (const name of ['a', 'b', 'a', 'c', 'd', 'e'])
    tellProblems([error('file-unreadable', `${name} cannot be read.`)]);
  expect(shown()).toEqual(['c', 'd', 'e'].map((name) => `${name} cannot be read.`));
});
