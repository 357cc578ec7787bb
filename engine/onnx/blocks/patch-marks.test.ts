import { afterAll, beforeAll, expect, it } from 'vitest';
import { BlockBench } from '#verify/block-bench.testing.ts';
import { cast } from '../operators.ts';
import { reshape } from '../shape-operators.ts';
import { markKept, markMerged } from './patch-marks.ts';

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
