/** Encoders of stages: which map leaves them, several pictures at once, and what they cannot take. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '#engine/contract/config-files.ts';
import type { AnyNodeDefinition } from '#engine/node/any-node-definition.ts';
import type { WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { largestError } from '../slow-formulas.testing.ts';
import { convNext } from './convnext.ts';
import { efficientVitMsra } from './efficientvit-msra.ts';
import { efficientVit } from './efficientvit.ts';
import { fastVit } from './fastvit.ts';
import { mobileVit } from './mobilevit.ts';
import { mobileVitV2 } from './mobilevitv2.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const widths = { width1: 8, width2: 16, width3: 32, width4: 32, width5: 0 };
const depths = { depth1: 1, depth2: 1, depth3: 1, depth4: 1, depth5: 1 };
const five = { ...widths, ...depths, width5: 64, model: 'custom' };

interface Small {
  readonly title: string;
  readonly definition: AnyNodeDefinition;
  readonly params: JsonObject;
  /** Sides of a picture. */
  readonly picture: readonly [height: number, width: number];
  /** Rows, columns and channels of the last map and of the one before. */
  readonly maps: readonly [readonly number[], readonly number[]];
}

const small: readonly Small[] = [
  {
    title: 'ConvNeXt, five stages',
    definition: convNext,
    params: five,
    picture: [70, 130],
    maps: [
      [1, 2, 64],
      [2, 4, 32],
    ],
  },
  {
    title: 'FastViT',
    definition: fastVit,
    params: { ...five, width5: 0, attentionStages: 1, excitedStages: 1 },
    picture: [33, 65],
    maps: [
      [2, 3, 64],
      [3, 5, 32],
    ],
  },
  {
    title: 'EfficientViT (MIT)',
    definition: efficientVit,
    params: { ...five, headSize: 16 },
    picture: [33, 65],
    maps: [
      [2, 3, 64],
      [3, 5, 32],
    ],
  },
  {
    title: 'EfficientViT (MSRA)',
    definition: efficientVitMsra,
    params: { model: 'custom', ...widths, ...depths, imageSize: 80, window: 3, heads3: 2 },
    picture: [80, 80],
    maps: [
      [2, 2, 32],
      [3, 3, 16],
    ],
  },
  {
    title: 'MobileViT',
    definition: mobileVit,
    params: { ...five, finalWidth: 80, tokenWidth3: 16, tokenWidth4: 16, tokenWidth5: 24 },
    picture: [33, 65],
    maps: [
      [2, 3, 80],
      [3, 5, 32],
    ],
  },
  {
    title: 'MobileViT V2',
    definition: mobileVitV2,
    params: five,
    // Maps of 5 × 9, 3 × 5 and 2 × 3 are stretched to whole patches.
    picture: [33, 65],
    maps: [
      [2, 4, 64],
      [4, 6, 32],
    ],
  },
];

const single = (
  { definition, params }: Pick<Small, 'definition' | 'params'>,
  [height, width]: readonly [number, number],
  views = 1,
) => ({
  definition,
  params,
  inputs: {
    pixels: {
      kind: 'pixels',
      height,
      width,
      ...(views > 1 && { views: { known: true, views, most: views } }),
    } as const,
  },
});

describe.each(small)('$title', ({ definition, params, picture, maps }) => {
  const pictureNumbers = normalNumbers(2 * 3 * picture[0] * picture[1], 8);
  const of = (more: JsonObject) => ({ definition, params: { ...params, ...more } });

  it('gives the last map, or the one before with four times as many places', async () => {
    for (const [index, [rows = 0, columns = 0, channels = 0]] of maps.entries()) {
      const node = single(of({ featureStage: -1 - index }), picture);
      const wire = valueOf(buildSingleNode(node)).outputs['tokens'] as WireOf<'tokens'>;
      const { grid, count } = wire;
      expect({ grid, count: count.tokens, channels: wire.channels }).toEqual({
        grid: { rows, columns },
        count: rows * columns,
        channels,
      });
      const one = pictureNumbers.slice(0, pictureNumbers.length / 2);
      const { tokens } = await bench.runNode(node, { pixels: float32(one, [1, 3, ...picture]) });
      expect(tokens?.dims).toEqual([1, rows * columns, channels]);
      expect(floatsOf(tokens).every(Number.isFinite)).toBe(true);
    }
  });

  it('sees each of several pictures as if it were alone', async () => {
    const half = pictureNumbers.length / 2;
    const run = async (numbers: Float32Array, views: number) => {
      const pixels = float32(numbers, [views, 3, ...picture]);
      return floatsOf((await bench.runNode(single(of({}), picture, views), { pixels }))['tokens']);
    };
    const together = await run(pictureNumbers, 2);
    const first = await run(pictureNumbers.slice(0, half), 1);
    const second = await run(pictureNumbers.slice(half), 1);
    // Random weights leave numbers of any size.
    const largest = Math.max(...first.map(Math.abs));
    expect(largestError(together, [...first, ...second]) / largest).toBeLessThan(1e-4);
    expect(largestError(first, second) / largest).toBeGreaterThan(0.01);
  });

  it.each(['int8', 'int4', 'w8a8'])('runs with its matrices in %s', async (precision) => {
    const numbers = pictureNumbers.slice(0, pictureNumbers.length / 2);
    const pixels = float32(numbers, [1, 3, ...picture]);
    const run = async (more: JsonObject) =>
      floatsOf((await bench.runNode(single(of(more), picture), { pixels }))['tokens']);
    const exact = await run({});
    const largest = Math.max(...exact.map(Math.abs));
    const error = largestError(await run({ precision }), exact) / largest;
    expect(error).toBeLessThan(precision === 'int4' ? 0.5 : 0.05);
  });

  it('has no stage before its first', () => {
    expect(buildSingleNode(single(of({ featureStage: -6 }), picture))).toMatchObject({
      ok: false,
      problems: [{ code: 'arrangement-unsupported', param: 'featureStage' }],
    });
  });
});

it.each<[string, AnyNodeDefinition, JsonObject, readonly [number, number], object]>([
  [
    'a picture without a place',
    convNext,
    five,
    [63, 200],
    { code: 'dimension-mismatch', port: 'pixels' },
  ],
  [
    'a width that does not grow in steps',
    fastVit,
    { ...five, width2: 20 },
    [64, 64],
    { param: 'width2' },
  ],
  [
    'a width without whole heads',
    fastVit,
    { ...five, width4: 48, width3: 16, width5: 48, attentionStages: 1 },
    [64, 64],
    { param: 'width5' },
  ],
  [
    'heads that do not divide',
    efficientVit,
    { ...five, headSize: 48 },
    [64, 64],
    { param: 'headSize' },
  ],
  [
    'another picture than the trained one',
    efficientVitMsra,
    { model: 'm0' },
    [256, 256],
    { code: 'dimension-mismatch', port: 'pixels' },
  ],
  [
    'a kernel without a middle',
    efficientVitMsra,
    { model: 'custom', kernel2: 4 },
    [224, 224],
    { param: 'kernel2' },
  ],
  [
    'heads that do not divide',
    mobileVit,
    { ...five, headCount: 3 },
    [64, 64],
    { param: 'headCount' },
  ],
  ['a stage without blocks', mobileVit, { ...five, depth1: 0 }, [64, 64], { param: 'depth1' }],
  ['a stage without blocks', mobileVitV2, { ...five, depth2: 0 }, [64, 64], { param: 'depth2' }],
])('%s is refused in a sentence', (_, definition, params, picture, problem) => {
  expect(buildSingleNode(single({ definition, params }, picture))).toMatchObject({
    ok: false,
    problems: [{ ...problem, message: expect.stringMatching(/.{30}\.$/) as string }],
  });
});
