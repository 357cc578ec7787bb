/** ConvNeXt: the maps of all stages as one, and how many tokens its published forms leave. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { JsonObject } from '#engine/contract/config-files.ts';
import type { AnyNodeDefinition } from '#engine/node/any-node-definition.ts';
import type { WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { largestError, toRows, type Rows } from '../slow-formulas.testing.ts';
import { convNext } from './convnext.ts';
import { fastVit } from './fastvit.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const single = (
  definition: AnyNodeDefinition,
  params: JsonObject,
  height: number,
  width = height,
) => ({
  definition,
  params,
  inputs: { pixels: { kind: 'pixels', height, width } as const },
});

/** Where a place of a larger map reads a smaller one along an axis: two places, and how much of the second. */
function along(at: number, from: number, to: number) {
  const centre = Math.max(((at + 0.5) * from) / to - 0.5, 0);
  const first = Math.floor(centre);
  return { first, second: Math.min(first + 1, from - 1), share: centre - first };
}

it('joins the maps of all stages at the size of the first', async () => {
  const custom = { model: 'custom', width1: 4, width2: 6, width3: 8, width4: 10 };
  const params = { ...custom, depth1: 1, depth2: 1, depth3: 1, depth4: 1 };
  const [height, width] = [96, 64];
  const pixels = float32(normalNumbers(3 * height * width, 3), [1, 3, height, width]);
  const tokens = async (more: JsonObject) => {
    const node = single(convNext, { ...params, ...more }, height, width);
    const { grid, channels } = valueOf(buildSingleNode(node)).outputs['tokens'] as WireOf<'tokens'>;
    const ran = await bench.runNode(node, { pixels });
    return { grid, rows: toRows(floatsOf(ran['tokens']), channels) };
  };
  const joined = await tokens({ select: 'stages' });
  expect(joined.grid).toEqual({ rows: 24, columns: 16 });
  const maps = await Promise.all([-4, -3, -2, -1].map((stage) => tokens({ featureStage: stage })));
  const expected: Rows = Array.from({ length: 24 * 16 }, (_, place) =>
    maps.flatMap(({ grid, rows }) => {
      const [y, x] = [
        along(Math.floor(place / 16), grid?.rows ?? 0, 24),
        along(place % 16, grid?.columns ?? 0, 16),
      ];
      const at = (row: number, column: number) => rows[row * (grid?.columns ?? 0) + column] ?? [];
      return at(0, 0).map((_none, channel) => {
        const line = (row: number) =>
          at(row, x.first)[channel]! * (1 - x.share) + at(row, x.second)[channel]! * x.share;
        return line(y.first) * (1 - y.share) + line(y.second) * y.share;
      });
    }),
  );
  expect(joined.rows[0]).toHaveLength(4 + 6 + 8 + 10);
  expect(largestError(joined.rows.flat(), expected.flat())).toBeLessThan(1e-5);
});

it.each<[AnyNodeDefinition, JsonObject, number, number, number]>([
  // ConvLLaVA's README.
  [convNext, { model: 'convllava' }, 768, 144, 3072],
  [convNext, { model: 'convllava' }, 1024, 256, 3072],
  [convNext, { model: 'convllava' }, 1536, 576, 3072],
  // Mini-Gemini's second tower.
  [convNext, { model: 'large-clip-320', select: 'stages' }, 768, 192 * 192, 2880],
  // FastVLM's config.json.
  [fastVit, { model: 'hd' }, 1024, 256, 3072],
])('%# leaves as many tokens as published', (definition, params, side, count, channels) => {
  const features = definition.infer({
    id: 'node',
    params: {
      ...Object.fromEntries(
        Object.entries(definition.params).map(([name, param]) => [name, param.default]),
      ),
      ...params,
    },
    inputs: { pixels: { kind: 'pixels', height: side, width: side } },
    demands: {},
    wired: new Set(),
  });
  expect(features).toMatchObject({
    ok: true,
    value: { outputs: { tokens: { count: { tokens: count }, channels } } },
  });
});
