/** Swin on a picture that fills no whole windows and has odd sides to merge, against a slow formula. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NodeBench } from '#verify/node-bench.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { largestError } from '../slow-formulas.testing.ts';
import { openKnownTower, slowLinear, slowNorm, slowPatches } from '#verify/known-tower.testing.ts';
import { slowLayer, slowMerging } from '#verify/slow-swin.testing.ts';
import { swin } from './swin.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const window = 3;
const epsilon = 1e-5;

test('what fills up windows is looked at, what lay apart is not, and odd sides are filled up', async () => {
  const size = [10, 14] as const;
  const params = {
    imageSize: 12,
    patchSize: 2,
    hiddenSize: 8,
    depths: '2, 1',
    headCounts: '2, 4',
    windowSize: window,
    feedForwardRatio: 1.5,
    activation: 'relu',
  };
  const tower = await openKnownTower(bench, swin, params, {}, size);
  const pixels = Array.from(normalNumbers(3 * size[0] * size[1], 4));
  const patches = slowPatches(pixels, size, 2);
  const embedded = slowLinear(tower, 'embeddings.patch_embeddings.projection', patches);
  const first = slowNorm(tower, 'embeddings.norm', embedded, epsilon);
  const stage = 'encoder.layers.0';
  const wide = { side: [5, 7], heads: 2, window } as const;
  const once = slowLayer(tower, `${stage}.blocks.0`, first, wide, 0);
  const twice = slowLayer(tower, `${stage}.blocks.1`, once, wide, 1);
  const merged = slowMerging(tower, `${stage}.downsample`, twice, [5, 7]);
  const last = slowLayer(
    tower,
    'encoder.layers.1.blocks.0',
    merged,
    { side: [3, 4], heads: 4, window },
    0,
  );
  const expected = slowNorm(tower, 'layernorm', last, epsilon);
  const tokens = await tower.tokens(pixels);
  expect(largestError(tokens.flat(), expected.flat())).toBeLessThan(5e-5);
  const mean = await tower.tokens(pixels, { select: 'mean' });
  const means = (expected[0] ?? []).map(
    (_, channel) => expected.reduce((sum, row) => sum + (row[channel] ?? NaN), 0) / expected.length,
  );
  expect(largestError(mean.flat(), means)).toBeLessThan(5e-5);
});
