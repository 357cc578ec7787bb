import { beforeEach, expect, test } from 'vitest';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { closeDocument, openDocument, workspace } from '#renderer/workspace/workspace-store.ts';
import { viewports } from './canvas-view.ts';

beforeEach(() => workspace.setState(workspace.getInitialState(), true));

test('where a graph was looked at is remembered while it is open, and not for ever', () => {
  const graph = sketchDocument({ answer: ['output/answer'] });
  for (let count = 1; count <= 100; count++) {
    const id = openDocument(graph);
    viewports.set(id, { x: count, y: 0, zoom: 1 });
    if (count > 2) closeDocument(id);
  }
  const open = workspace.getState().documents.map(({ id }) => id);
  expect(open.map((id) => viewports.get(id)?.x)).toEqual([1, 2]);
  // The last one that was closed may still be opened again.
  expect(viewports.size).toBe(3);
});
