import { expect, test } from 'vitest';
import type { BoundaryPart } from '#engine/node/part.ts';
import type { View } from '#engine/node/view.ts';
import type { VisualSpan } from './prompt-sequence.ts';
import { readTokens, visualMarks } from './visual-marks.ts';

const view: View = {
  item: 0,
  media: 'image',
  role: 'tile',
  row: 0,
  column: 0,
  original: { width: 0, height: 0 },
};

/** Views of so many tokens each, of three channels. */
const span = (tokenRows: number, ...sizes: readonly number[]): VisualSpan => ({
  media: 'image',
  tokenRows,
  views: sizes.map(() => view),
  parts: sizes.map((size) => new Float32Array(3 * size)),
  count: sizes.reduce((sum, size) => sum + size, 0),
});

const pruning = (node: string): BoundaryPart => ({
  kind: 'token-reduction',
  node,
  layer: 1,
  pruned: 'dropped',
  keptTokens: (count) => count,
  positions: 'kept',
  ranksBy: 'attention',
  select: (g) => g.list(),
});

const seenBy = (node: string, attention: readonly number[], kept: readonly number[]) =>
  [
    [`visual-attention.${node}`, attention],
    [`kept-visual.${node}`, kept],
  ] as const;

test('tiles that are read row by row across one another have their marks where their patches are', () => {
  // Two tiles of 2 × 2, read a row of the one and a row of the other in turn; the whole of 4 behind them.
  const row = (of: number, at: number) => ({ kind: 'row', view: of, row: at }) as const;
  const laid = [
    [row(1, 0), row(2, 0), row(1, 1), row(2, 1), { kind: 'views', from: 0, to: 1 }],
  ] as const;
  const tokens = readTokens([span(2, 4, 4, 4)], laid);
  const attention = [10, 1, 1, 1, 1, 1, 1, 5, 1, 1, 1, 2];
  const seen = new Map(seenBy('prune', attention, [11, 0, 7]));
  const marks = visualMarks(seen, [pruning('prune')], tokens);
  expect(marks.get('kept-visual.prune')).toEqual([
    [0, 0, 0, 1],
    [1, 0, 0, 0],
    [0, 0, 0, 1],
  ]);
  const one = Math.round(25.5);
  expect(marks.get('visual-attention.prune')).toEqual([
    [one, one, one, 51],
    [255, one, one, one],
    [one, one, one, Math.round(127.5)],
  ]);
});

test('a part behind another tells of what that one had left, and a picture that is not read has no marks', () => {
  const laid = [[{ kind: 'views', from: 0, to: 1 }], []] as const;
  const tokens = readTokens([span(1, 5), span(1, 2)], laid);
  const seen = new Map([
    ...seenBy('first', [1, 2, 3, 4, 5], [4, 1, 2]),
    ...seenBy('second', [1, 4, 2], [1, 2]),
  ]);
  const marks = visualMarks(seen, [pruning('first'), pruning('second')], tokens);
  expect(marks.get('kept-visual.first')).toEqual([
    [0, 1, 1, 0, 1],
    [0, 0],
  ]);
  expect(marks.get('visual-attention.second')).toEqual([
    [0, 64, 255, 0, 128],
    [0, 0],
  ]);
  expect(marks.get('kept-visual.second')).toEqual([
    [0, 0, 1, 0, 1],
    [0, 0],
  ]);
});

test('of a prompt whose visual tokens were not read again, nothing is told', () => {
  const tokens = readTokens([span(1, 2)], [[{ kind: 'views', from: 0, to: 1 }]]);
  expect(visualMarks(new Map(), [pruning('prune')], tokens).size).toBe(0);
});
