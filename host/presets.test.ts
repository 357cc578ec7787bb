import { expect, test } from 'vitest';
import { presetSummaries } from './presets.ts';

test('how many parameters a preset has is counted off its graph, and nowhere told by hand', async () => {
  const told = (await presetSummaries()).filter(({ about }) => /[\d.]+ [KMB] param/i.test(about));
  expect(told.map(({ id, about, parameters }) => [id, about, parameters])).toEqual([]);
});
