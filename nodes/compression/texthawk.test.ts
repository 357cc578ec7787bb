/** TextHawk's resampler against the steps that its paper gives, written out; nothing of it is recorded. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { knownCount, type WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import {
  attend,
  gelu,
  largestError,
  layerNorm,
  linear,
  toRows,
  type Row,
  type Rows,
} from '../slow-formulas.testing.ts';
import { texthawk } from './texthawk.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const [rows, columns, width, outputs, headCount] = [4, 6, 8, 5, 2];
const patches = rows * columns;

const stage = (rest: Partial<WireOf<'tokens'>> = {}): WireOf<'tokens'> => ({
  kind: 'tokens',
  count: knownCount(patches),
  channels: width,
  prefixTokens: 0,
  grid: { rows, columns },
  views: { known: true, views: 2, most: 2, items: 1 },
  ...rest,
});

const single = (
  params = {},
  tokens: readonly WireOf<'tokens'>[] = [stage(), stage()],
  levels: WireOf<'tokens'> | null = null,
) => ({
  definition: texthawk,
  params: { outputWidth: outputs, headCount, joined: 3, route: '1, 1, 0', ...params },
  inputs: { tokens, ...(levels && { levels: [levels] }) },
});

test('proposed queries look at each stage of the route, then go three in one', async () => {
  const weights = { kind: 'checkpoint', folder: await bench.newFolder() };
  // The shallow stage has a class token before its patches.
  const wires = [stage({ count: knownCount(1 + patches), prefixTokens: 1 }), stage()];
  const node = single({ weights }, wires);
  const built = valueOf(buildSingleNode(node));
  const known = await writeKnownWeights(weights.folder, [built.model], 7);
  const shallow = normalNumbers(2 * (1 + patches) * width, 1);
  const deep = normalNumbers(2 * patches * width, 2);
  const given = await bench.runNode(node, {
    'tokens.0': float32(shallow, [2, 1 + patches, width]),
    'tokens.1': float32(deep, [2, patches, width]),
  });

  const of = (name: string) => known.get(name)?.data ?? [];
  const map = (all: Rows, name: string): Rows =>
    linear(all, toRows(of(`${name}.weight`), all[0]?.length ?? 0), of(`${name}.bias`));
  const normed = (all: Rows, name: string): Rows =>
    layerNorm(all, of(`${name}.weight`), of(`${name}.bias`), 1e-6);
  const expected = [0, 1].flatMap((view) => {
    const start = view * (1 + patches) + 1;
    const stages = [
      toRows(shallow, width).slice(start, start + patches),
      toRows(deep, width).slice(view * patches, (view + 1) * patches),
    ] as const;
    const inner = map(stages[1], 'propose.up').map((row) => row.map(gelu));
    let queries = map(largestOfFour(map(inner, 'propose.down')), 'propose.output');
    for (const [layer, at] of ([1, 1, 0] as const).entries()) {
      const name = `layers.${layer}`;
      const memory = normed(stages[at], `${name}.memory_norm`);
      const found = attend(
        map(normed(queries, `${name}.query_norm`), `${name}.query`),
        map(memory, `${name}.key`),
        map(memory, `${name}.value`),
        headCount,
      );
      const added = map(found, `${name}.output`);
      queries = queries.map((row, place) =>
        row.map((number, channel) => number + (added[place]?.[channel] ?? NaN)),
      );
    }
    return map([queries.slice(0, 3).flat(), queries.slice(3).flat()], 'rearrange');
  });
  expect(largestError(floatsOf(given['tokens']), expected.flat())).toBeLessThan(1e-5);
  expect(built.outputs['tokens']).toEqual(
    stage({ count: knownCount(2), channels: outputs, grid: null }),
  );
});

test('layers side by side are looked at as the same layers at wires of their own', async () => {
  const route = '2, 1, 0';
  const shallow = [3, 4].map((seed) => normalNumbers(2 * patches * width, seed)) as [
    Float32Array,
    Float32Array,
  ];
  const deep = float32(normalNumbers(2 * patches * width, 5), [2, patches, width]);
  const apart = await bench.runNode(single({ route }, [stage(), stage(), stage()]), {
    'tokens.0': float32(shallow[0], [2, patches, width]),
    'tokens.1': float32(shallow[1], [2, patches, width]),
    'tokens.2': deep,
  });
  const joined = new Float32Array(2 * patches * 2 * width);
  for (const [layer, numbers] of shallow.entries())
    for (const [place, number] of numbers.entries()) {
      const token = Math.floor(place / width);
      joined[(2 * token + layer) * width + (place % width)] = number;
    }
  const together = await bench.runNode(
    single({ route }, [stage()], stage({ channels: 2 * width })),
    { 'tokens.0': deep, levels: float32(joined, [2, patches, 2 * width]) },
  );
  expect(floatsOf(together['tokens'])).toEqual(floatsOf(apart['tokens']));
});

function largestOfFour(all: Rows): Rows {
  return Array.from({ length: patches / 4 }, (_, place) => {
    const [row, column] = [Math.floor(place / (columns / 2)) * 2, (place % (columns / 2)) * 2];
    const four = [0, 1, columns, columns + 1].map(
      (offset) => all[row * columns + column + offset] as Row,
    );
    return Array.from({ length: width }, (_none, channel) =>
      Math.max(...four.map((each) => each[channel] ?? NaN)),
    );
  });
}

test.for([
  [
    single({}, [stage({ grid: null })]),
    "TextHawk's resampler needs tokens that lie on a grid; place it before anything that selects or merges tokens.",
  ],
  [
    single({}, [stage(), stage({ channels: 16 })]),
    'Wire 2 brings other tokens than wire 1; wire feature layers of the same encoder on the same picture.',
  ],
  [
    single({ headCount: 3 }),
    '8 channels do not divide into 3 heads; choose a number of heads that divides them.',
  ],
  [
    single({}, [stage({ count: knownCount(35), grid: { rows: 5, columns: 7 } })]),
    'A 5 × 7 grid has no whole groups of 2 × 2; choose a picture size that gives an even grid.',
  ],
  [
    single({}, [stage()], stage({ channels: 12 })),
    'The layers side by side are not of the encoder at wire 1, which gives 8 channels on a 4 × 6 grid; wire the second output of that encoder.',
  ],
  [single({ joined: 4 }), '6 queries do not go 4 in one; choose a number that divides them.'],
  [
    single({ route: '1; 0' }),
    '"1; 0" is no list of depths; give a number from 0 for each layer, such as 1, 1, 0.',
  ],
  [
    single({ route: '2, 1' }),
    'The route looks at depth 2, counted from 0, and there are 2; wire more feature layers, or shorten the route.',
  ],
] as const)('what does not fit is refused', ([node, message]) => {
  const outcome = buildSingleNode(node);
  expect(outcome.ok ? [] : outcome.problems.map((problem) => problem.message)).toEqual([message]);
});
