import { afterAll, beforeAll, expect, it } from 'vitest';
import { BlockBench } from '#verify/block-bench.testing.ts';
import { cast } from '../operators.ts';
import { reshape } from '../shape-operators.ts';
import { markAttended, markKept, markLookedAt, markMerged } from './patch-marks.ts';

let bench: BlockBench;
beforeAll(async () => {
  bench = await BlockBench.open();
});
afterAll(() => bench.close());

it('patches are marked as kept, as singled out among them, or as gone', async () => {
  const given = { kept: [5, 0, -1, 3, -1], singled: [3] };
  const ran = await bench.run({ any: [1, 1, 1] }, (g) => {
    const kept = g.list(...given.kept);
    const marks = {
      kept: markKept(g, 7, kept),
      singled: markKept(g, 7, kept, g.list(...given.singled)),
    };
    return { kept: cast(g, marks.kept, 'float32'), singled: cast(g, marks.singled, 'float32') };
  });
  expect(ran.shapes).toEqual({ kept: [1, 7], singled: [1, 7] });
  expect(ran.output('kept')).toEqual([1, 0, 0, 1, 0, 1, 0]);
  expect(ran.output('singled')).toEqual([1, 0, 0, 2, 0, 1, 0]);
});

it('every patch is marked by the token that it went into, whatever comes before the patches', async () => {
  // Of two pictures, each with a class token and four patches: which of three tokens are made of which.
  const into = [
    [0, 2, 1, 1, 2],
    [0, 1, 2, 2, 2],
  ];
  const source = into.map((tokens) =>
    [0, 1, 2].map((token) => tokens.map((each) => (each === token ? 1 : 0))),
  );
  const ran = await bench.run({ any: [1, 1, 1] }, (g) => {
    const flat = g.constant('float32', [30], source.flat(2));
    const merged = markMerged(g, reshape(g, flat, [2, 3, 5]), 1);
    return { merged: cast(g, merged, 'float32') };
  });
  expect(ran.shapes).toEqual({ merged: [2, 4] });
  expect(ran.output('merged')).toEqual(into.flatMap((tokens) => tokens.slice(1)));
});

it('patches are marked by how much they are looked at beside the one that is looked at most, picture by picture', async () => {
  const ran = await bench.run({ any: [1, 1, 1] }, (g) => {
    const attention = reshape(g, g.constant('float32', [8], [1, 2, 4, 0, 0, 0, 0, 0]), [2, 4]);
    return { marks: cast(g, markAttended(g, attention), 'float32') };
  });
  expect(ran.output('marks')).toEqual([64, 128, 255, 0, 0, 0, 0, 0]);
});

it('all queries and heads look, and what comes before the patches takes its share without a mark', async () => {
  // One picture: two queries and a class token before three patches, in two heads of one channel.
  const query = [
    [0, 2],
    [1, 0],
  ];
  const key = [
    [3, 0],
    [1, 1],
    [0, 2],
    [0, 0],
  ];
  const ran = await bench.run({ any: [1, 1, 1] }, (g) => {
    const as = (rows: readonly (readonly number[])[]) =>
      reshape(g, g.constant('float32', [2 * rows.length], rows.flat()), [1, rows.length, 2]);
    const marks = markLookedAt(g, { query: as(query), key: as(key) }, 2, 1);
    return { marks: cast(g, marks, 'float32') };
  });
  const shares = [0, 0, 0, 0];
  for (const head of [0, 1]) {
    for (const asked of query) {
      const weights = key.map((each) => Math.exp((asked[head] ?? 0) * (each[head] ?? 0)));
      const all = weights.reduce((sum, weight) => sum + weight, 0);
      for (const [place, weight] of weights.entries())
        shares[place] = (shares[place] ?? 0) + weight / all;
    }
  }
  const ofPatches = shares.slice(1);
  const most = Math.max(...ofPatches);
  expect(ran.output('marks')).toEqual(ofPatches.map((share) => Math.round((255 * share) / most)));
});
