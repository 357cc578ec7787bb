import { expect, test } from 'vitest';
import { marksOf, sampleShowing, sampleView } from './sample-views.testing.ts';
import { layerLoads } from './layer-loads.ts';
import { legendWords, showingWords, viewWords } from './showing-words.ts';
import { viewGroups } from './view-groups.ts';

const kept = sampleView({ marks: marksOf([1, 2, 0], [0, 0, 1]) });
const attended = sampleView({ marks: marksOf([0, 255, 10], [128, 0, 40]) });
const merged = sampleView({ marks: marksOf([4, 4, 1], [2, 4, 2]) });
const tile = (row: number, column: number) => sampleView({ role: 'tile', row, column });

test.for([
  ['kept patches', sampleShowing('kept-patches', [kept]), '3 of 6 patches kept'],
  [
    'those singled out, and what the node adds',
    sampleShowing('kept-patches', [kept], { singledOut: 'outliers', also: '32 merged into each' }),
    '3 of 6 patches kept, 1 of them outliers, 32 merged into each',
  ],
  [
    'all views together',
    sampleShowing('kept-patches', [kept, kept]),
    'in 2 views, 6 of 12 patches kept',
  ],
  [
    'that there are more',
    sampleShowing('kept-patches', [kept], { viewCount: 30 }),
    'in the first 1 of 30 views, 3 of 6 patches kept',
  ],
  [
    'merged patches',
    sampleShowing('merged-patches', [merged]),
    '6 patches in 3 tokens, 2 of them merged of 2 to 3 patches each',
  ],
  [
    'that nothing was merged',
    sampleShowing('merged-patches', [sampleView({ marks: marksOf([0, 1]) })]),
    '2 patches in 2 tokens, none merged',
  ],
  [
    'where attention is, and whose',
    sampleShowing('attended-patches', [attended], { also: 'paid by the class token' }),
    'half of the attention is on 1 of 6 patches, paid by the class token',
  ],
  [
    'attention of several views together',
    sampleShowing('attended-patches', [attended, attended]),
    'in 2 views, half of the attention is on 2 of 12 patches',
  ],
  [
    'tiles and the whole',
    sampleShowing('views', [sampleView(), tile(0, 0), tile(0, 1)]),
    '2 tiles, 1 × 2, and the whole picture',
  ],
  [
    'tiles of several pictures together',
    sampleShowing('views', [tile(0, 0), sampleView(), sampleView({ item: 1 })]),
    '1 tile and 2 whole pictures',
  ],
  [
    'slices without a whole',
    sampleShowing('views', [sampleView({ role: 'slice', row: 1 })]),
    '1 slice, 2 × 1',
  ],
  [
    'frames of which some are left out',
    sampleShowing('views', [sampleView({ role: 'frame' })], { viewCount: 9 }),
    'the first 1 of 9: 1 frame',
  ],
  [
    'how experts were used',
    sampleShowing('expert-load', [], {
      loads: [
        { layer: 0, ofExperts: [6, 2, 0] },
        { layer: 2, ofExperts: [3, 3, 2] },
      ],
    }),
    '3 experts in each of 2 layers, the busiest with 75 % of what its layer sends, 1 of 6 without a token',
  ],
] as const)('it tells %s', ([, showing, words]) => {
  expect(showingWords(showing)).toBe(words);
});

test('a legend explains the signs that there are', () => {
  const outliers = { singledOut: 'outliers' };
  expect(legendWords(sampleShowing('kept-patches', [kept], outliers))).toBe(
    'What is hatched is gone; a dot marks outliers.',
  );
  const plain = sampleView({ marks: marksOf([1, 0]) });
  expect(legendWords(sampleShowing('kept-patches', [plain], outliers))).toBe(
    'What is hatched is gone.',
  );
  expect(legendWords(sampleShowing('merged-patches', [merged]))).toMatch(/share a colour and an/);
  expect(legendWords(sampleShowing('attended-patches', [attended]))).toMatch(/The clearer/);
  expect(legendWords(sampleShowing('views', [tile(0, 0)]))).toBeNull();
});

test('each of several views is named by its place, with its own counts', () => {
  const place = { role: 'tile', row: 1, column: 0 } as const;
  expect(viewWords(sampleShowing('kept-patches', []), { ...kept, ...place })).toBe(
    'tile in row 2, column 1: 3 of 6 patches kept',
  );
  expect(viewWords(sampleShowing('attended-patches', []), { ...attended, ...place })).toBe(
    'tile in row 2, column 1: half of the attention is on 1 of 6 patches',
  );
  expect(viewWords(sampleShowing('views', []), sampleView({ role: 'frame', row: 3 }))).toBe(
    'frame 4',
  );
});

test('the tiles of each picture stand in their grid, its whole beside them', () => {
  const other = sampleView({ item: 1 });
  const groups = viewGroups({ views: [sampleView(), tile(0, 0), tile(0, 1), tile(0, 2), other] });
  expect(groups).toMatchObject([
    { rows: 1, columns: 3, wholes: [{ item: 0 }], tiles: [{}, {}, { column: 2 }] },
    { rows: null, columns: null, wholes: [{ item: 1 }], tiles: [] },
  ]);
});

test('bars of all layers share one scale, and say how many tokens they stand for', () => {
  const [first, second] = layerLoads([
    { layer: 1, ofExperts: [6, 1, 1, 0] },
    { layer: 3, ofExperts: [3, 3, 3, 3] },
  ]);
  expect(first?.bars.map(({ height }) => height)).toEqual([1, 1 / 6, 1 / 6, 0]);
  expect(first?.bars[1]?.title).toBe('expert 1: 1 token');
  expect([first?.evenShare, second?.evenShare]).toEqual([2 / 6, 3 / 6]);
  expect(second?.words).toBe('layer 3: 3, 3, 3, 3 tokens to experts 0 to 3');
});
