import { expect, it } from 'vitest';
import type { View } from '#engine/node/view.ts';
import { float32 } from '../sessions/sessions.ts';
import { batchesByPort, graphRuns, joinRuns } from './graph-runs.ts';
import type { Batch, StageValue } from './stage-value.ts';

const view = (item: number): View => ({
  item,
  media: 'image',
  role: 'whole',
  row: 0,
  column: 0,
  original: { width: 8, height: 8 },
});

/** One number a token, counted on from `start`. */
function batch(items: readonly number[], tokens: number, start: number): Batch {
  const count = items.length * tokens;
  const numbers = Float32Array.from({ length: count }, (_, index) => start + index);
  return {
    tensors: { '': float32(numbers, [items.length, tokens, 1]) },
    views: items.map(view),
  };
}

const value = (...batches: readonly Batch[]): StageValue => ({ kind: 'tensors', batches });

function runs(inputs: Record<string, readonly StageValue[]>, runsBy: 'views' | 'view' | 'item') {
  const divided = graphRuns(inputs, runsBy);
  if (!divided.ok) return divided.problems.map(({ code, message }) => `${code}: ${message}`);
  return divided.value.map((run) =>
    Object.fromEntries(
      Object.entries(run.inputs).map(([port, batches]) => [
        port,
        batches.map(({ tensors }) => Array.from((tensors['']?.data as Float32Array) ?? [])),
      ]),
    ),
  );
}

// Two views of a first picture, one of a second.
const tokens = value(batch([0, 0, 1], 2, 0));

it('all views go into one run, or each into its own, or those of a picture together', () => {
  expect(runs({ tokens: [tokens] }, 'views')).toEqual([{ tokens: [[0, 1, 2, 3, 4, 5]] }]);
  expect(runs({ tokens: [tokens] }, 'view')).toEqual([
    { tokens: [[0, 1]] },
    { tokens: [[2, 3]] },
    { tokens: [[4, 5]] },
  ]);
  expect(runs({ tokens: [tokens] }, 'item')).toEqual([
    { tokens: [[0, 1, 2, 3]] },
    { tokens: [[4, 5]] },
  ]);
});

it('many views go into several runs of about the same number', () => {
  const many = value(
    batch(
      Array.from({ length: 17 }, (_, item) => item),
      1,
      0,
    ),
  );
  expect(
    runs({ tokens: [many] }, 'views').map((run) => (run as { tokens: number[][] }).tokens[0]),
  ).toEqual([
    [0, 1, 2, 3, 4, 5],
    [6, 7, 8, 9, 10, 11],
    [12, 13, 14, 15, 16],
  ]);
});

it('views that differ in size are run apart, and what comes beside them is cut alike', () => {
  const uneven = value(batch([0], 1, 10), batch([0, 1], 2, 20));
  const words = value({ tensors: { '': float32(Float32Array.of(7), [1, 1]) }, views: [] });
  expect(runs({ tokens: [tokens, uneven], words: [words] }, 'views')).toEqual([
    { tokens: [[0, 1], [10]], words: [[7]] },
    {
      tokens: [
        [2, 3, 4, 5],
        [20, 21, 22, 23],
      ],
      words: [[7]],
    },
  ]);
});

it('views of one picture that differ in size cannot be one run, nor other numbers of views be paired', () => {
  const uneven = value(batch([0], 1, 0), batch([0], 2, 1));
  expect(runs({ tokens: [uneven] }, 'item')).toEqual([
    expect.stringMatching(/^dimension-mismatch: The views of one picture differ/),
  ]);
  expect(runs({ tokens: [tokens], others: [uneven] }, 'views')).toEqual([
    expect.stringMatching(/^dimension-mismatch: Its inputs hold 3 and 2 views/),
  ]);
});

it('what runs give is joined where it agrees in size, with its views', () => {
  const outputs = [1, 1, 3].map((count, index) =>
    batchesByPort({ 'out.tokens': float32(new Float32Array(count).fill(index), [1, count, 1]) }, [
      view(index),
    ]),
  );
  const joined = joinRuns(outputs)['tokens'];
  expect(
    joined?.kind === 'tensors' &&
      joined.batches.map(({ tensors, views }) => [
        tensors['']?.dims,
        views.map(({ item }) => item),
      ]),
  ).toEqual([
    [
      [2, 1, 1],
      [0, 1],
    ],
    [[1, 3, 1], [2]],
  ]);
});

it('a run that makes one view of several is a whole of its own', () => {
  const tile: View = { ...view(4), role: 'tile', row: 1, column: 1 };
  const outputs = batchesByPort({ 'out.tokens': float32(new Float32Array(6), [1, 6, 1]) }, [
    tile,
    tile,
  ]);
  expect(outputs['tokens']?.views).toEqual([view(4)]);
});
