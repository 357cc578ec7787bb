import { beforeEach, expect, test } from 'vitest';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { cardWidthPx } from '#renderer/canvas/card/card-geometry.ts';
import { activeDocument, openDocument, workspace } from '#renderer/workspace/workspace-store.ts';
import { addNode } from './add-node.ts';
import { shownGraph } from './shown-graph.ts';

beforeEach(() => workspace.setState(workspace.getInitialState(), true));

test('a new card finds room for what is wrong with it as well', () => {
  // Room for a card, but not for one that says "needs its input" too.
  const below = sketchDocument({ image: ['input/image'] });
  openDocument({ ...below, layout: { image: { x: -104, y: 144 } } });
  const added = ['projector/mlp', 'compression/average-pool', 'encoder/clip-vit'].map((type) =>
    addNode(type),
  );
  expect(added).toEqual(['projector', 'average-pool', 'encoder']);
  const open = activeDocument(workspace.getState());
  if (!open) throw new Error('The graph is open.');
  const { models, places } = shownGraph(open);
  const boxes = models.cards.map(({ id, geometry }) => ({
    id,
    x: places[id]?.x ?? 0,
    top: places[id]?.y ?? 0,
    bottom: (places[id]?.y ?? 0) + geometry.height,
  }));
  const overlaps = boxes.flatMap((a, index) =>
    boxes
      .slice(index + 1)
      .filter((b) => Math.abs(a.x - b.x) < cardWidthPx && a.top < b.bottom && b.top < a.bottom)
      .map((b) => `${a.id} and ${b.id}`),
  );
  expect(overlaps).toEqual([]);
});
