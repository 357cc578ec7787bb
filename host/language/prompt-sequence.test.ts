/** What a language model is told of where visual tokens lie. */
import { expect, test } from 'vitest';
import type { View } from '#engine/node/view.ts';
import { float32 } from '../sessions/sessions.ts';
import { layOutViews } from '../text/lay-out-views.ts';
import { pictureLayout } from '#nodes/language/picture-layouts.ts';
import { embedSequence, visualShares, visualSpans } from './prompt-sequence.ts';

/** Channels of a token. */
const channels = 2;

function viewsOf(item: number, media: View['media'], count: number): readonly View[] {
  const original = { width: 56, height: 84 };
  return Array.from({ length: count }, (_, row) => ({
    item,
    media,
    role: media === 'video' ? 'frame' : 'whole',
    row,
    column: 0,
    original,
  }));
}

test('a picture is one grid and a clip one a step, with words around both', async () => {
  const grid = { rows: 3, columns: 2 };
  const count = grid.rows * grid.columns;
  const batchOf = (views: readonly View[]) => {
    const size = views.length * count * channels;
    return {
      tensors: { '': float32(new Float32Array(size), [views.length, count, channels]) },
      views,
    };
  };
  const batches = [batchOf(viewsOf(0, 'image', 1)), batchOf(viewsOf(1, 'video', 2))];
  const spans = visualSpans({ kind: 'tensors', batches }, grid.rows);
  const layout = pictureLayout('qwen2-vl');
  const laid = spans.map(({ views, tokenRows }) => layOutViews(layout, views, tokenRows));
  const words = (length: number) =>
    ({ kind: 'words', ids: Array<number>(length).fill(0) }) as const;
  const segments = [
    words(2),
    { kind: 'visual', run: 0 },
    words(1),
    { kind: 'visual', run: 1 },
  ] as const;
  const embed = (ids: readonly number[]) =>
    Promise.resolve(new Float32Array(ids.length * channels));

  const prompt = { text: '', segments };
  const sequence = { prompt, visual: visualShares(spans, laid) };
  expect((await embedSequence({ embed }, sequence)).visual).toEqual([
    { start: 2, count: 6, rows: 3, steps: 1 },
    { start: 9, count: 12, rows: 3, steps: 2 },
  ]);
});
