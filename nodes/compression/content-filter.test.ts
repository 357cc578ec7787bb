/** HRVDA's content filter inside Swin, against the steps written out on a map with places missing. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Json } from '#engine/contract/document.ts';
import { estimateGraph } from '#engine/estimate/estimate.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import type { AnyNodeDefinition } from '#engine/node/any-node-definition.ts';
import { buildSingleNode, type PluggedIn } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import { slowLinear, slowNorm, slowPatches } from '#verify/known-tower.testing.ts';
import { floatsOf, NodeBench, wholesOf } from '#verify/node-bench.testing.ts';
import { slowLayer, slowMerging } from '#verify/slow-swin.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { swin } from '../encoder/swin.ts';
import { vit } from '../encoder/vit.ts';
import { catalogue } from '../index.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { largestError, relu, toRows, type Row, type Rows } from '../slow-formulas.testing.ts';
import { contentFilter } from './content-filter.ts';
import { tome } from './tome.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

// 5 × 7 patches fill no whole windows of 3, and have odd sides to merge into 3 × 4.
const [height, width] = [10, 14];
const [rows, columns] = [5, 7];
const patches = rows * columns;
const pixels = normalNumbers(3 * height * width, 4);
const figures = {
  model: 'custom',
  imageSize: 12,
  patchSize: 2,
  hiddenSize: 8,
  depths: '2, 1',
  headCounts: '2, 4',
  windowSize: 3,
  feedForwardRatio: 1.5,
  activation: 'relu',
};

type Params = Readonly<Record<string, Json>>;

const single = (params: Params, parts: readonly PluggedIn[], taps: readonly string[] = []) => ({
  definition: swin as AnyNodeDefinition,
  params: { ...figures, ...params },
  inputs: { pixels: { kind: 'pixels', height, width } as const },
  parts: { parts },
  taps,
});

async function openSwin() {
  const weights = { kind: 'checkpoint', folder: await bench.newFolder() };
  const filter = (own: Params): PluggedIn => ({
    definition: contentFilter,
    params: { width: 6, weights, ...own },
  });
  const { model } = valueOf(buildSingleNode(single({ weights }, [filter({})])));
  const known = await writeKnownWeights(weights.folder, [model], 5);
  const run = async (picture: Float32Array, own: Params | null, params: Params = {}) => {
    const parts = own ? [filter(own)] : [];
    const node = single({ weights, ...params }, parts, own ? ['content', 'marks'] : []);
    const given = await bench.runNode(node, { pixels: float32(picture, [1, 3, height, width]) });
    return {
      tokens: toRows(floatsOf(given['tokens']), 16),
      content: own ? Array.from(floatsOf(given['tap.content'])) : [],
      marks: own ? wholesOf(given['tap.marks']) : [],
    };
  };
  return { run, numbers: (name: string) => known.get(name)?.data ?? new Float32Array() };
}

type Swin = Awaited<ReturnType<typeof openSwin>>;

/** How much the network finds on each patch: it sees the eight around it, twice. */
function detectSlowly(filtered: Swin): Row {
  let seen = slowLinear(filtered, 'embedding', slowPatches([...pixels], [height, width], 2));
  for (const layer of ['layers.0', 'layers.1']) {
    const map = seen.map((row) => row.map(relu));
    const around = map.map((row, place) => {
      const [y, x] = [Math.floor(place / columns), place % columns];
      return row.flatMap((_, channel) =>
        [-1, 0, 1].flatMap((down) =>
          [-1, 0, 1].map((across) => {
            const [top, left] = [y + down, x + across];
            const isThere = top >= 0 && top < rows && left >= 0 && left < columns;
            return isThere ? (map[top * columns + left]?.[channel] ?? NaN) : 0;
          }),
        ),
      );
    });
    seen = slowLinear(filtered, layer, around);
  }
  const scored = slowLinear(
    filtered,
    'score',
    seen.map((row) => row.map(relu)),
  );
  return scored.map(([score = NaN]) => 1 / (1 + Math.exp(-score)));
}

/** What leaves Swin where only some patches enter: one token for each merged square that has one of them. */
function encodeSlowly(filtered: Swin, isKept: (place: number) => boolean) {
  const embedded = slowLinear(
    filtered,
    'embeddings.patch_embeddings.projection',
    slowPatches([...pixels], [height, width], 2),
  );
  let map: Rows = slowNorm(filtered, 'embeddings.norm', embedded, 1e-5);
  const stage = { side: [rows, columns], heads: 2, window: 3, isKept } as const;
  map = slowLayer(filtered, 'encoder.layers.0.blocks.0', map, stage, 0);
  map = slowLayer(filtered, 'encoder.layers.0.blocks.1', map, stage, 1);
  const merged = slowMerging(filtered, 'encoder.layers.0.downsample', map, [rows, columns], isKept);
  const isLeft = (place: number): boolean => {
    const [y, x] = [2 * Math.floor(place / 4), 2 * (place % 4)];
    return [0, 1].some((down) =>
      [0, 1].some(
        (across) =>
          y + down < rows && x + across < columns && isKept((y + down) * columns + x + across),
      ),
    );
  };
  const next = { side: [3, 4], heads: 4, window: 3, isKept: isLeft } as const;
  const last = slowLayer(filtered, 'encoder.layers.1.blocks.0', merged, next, 0);
  const left = Array.from({ length: 12 }, (_, place) => isLeft(place));
  const tokens = slowNorm(filtered, 'layernorm', last, 1e-5).filter((_, place) => left[place]);
  return { tokens, marks: left.map(Number) };
}

describe('patches with something on them go through Swin as if there were no others', () => {
  test('where a trained network tells which they are', async () => {
    const filtered = await openSwin();
    const expected = detectSlowly(filtered);
    const { content } = await filtered.run(pixels, {});
    expect(largestError(content, expected)).toBeLessThan(1e-5);

    // A third, few and one of them.
    for (const keeps of [12, 4, 1]) {
      const sorted = expected.toSorted((a, b) => b - a);
      const threshold = ((sorted[keeps - 1] ?? NaN) + (sorted[keeps] ?? NaN)) / 2;
      const { tokens, marks } = await filtered.run(pixels, { threshold });
      const slow = encodeSlowly(filtered, (place) => (expected[place] ?? NaN) > threshold);
      expect(marks).toEqual(slow.marks);
      expect(marks).toContain(0);
      expect(largestError(tokens.flat(), slow.tokens.flat())).toBeLessThan(5e-5);
    }
  });

  test('and all of them, as they go without a filter', async () => {
    const filtered = await openSwin();
    const whole = await filtered.run(pixels, null);
    const all = await filtered.run(pixels, { threshold: 0 });
    expect(all.marks).toEqual(Array.from({ length: 12 }, () => 1));
    expect(largestError(all.tokens.flat(), whole.tokens.flat())).toBeLessThan(1e-5);
  });

  test('and their mean is that of what is left', async () => {
    const filtered = await openSwin();
    const { tokens } = await filtered.run(pixels, { threshold: 0.5 });
    const [mean] = (await filtered.run(pixels, { threshold: 0.5 }, { select: 'mean' })).tokens;
    const means = (tokens[0] ?? []).map(
      (_, channel) => tokens.reduce((sum, row) => sum + (row[channel] ?? NaN), 0) / tokens.length,
    );
    expect(largestError(mean ?? [], means)).toBeLessThan(1e-5);
  });
});

describe('contrast, which nobody trains', () => {
  const paper = () => new Float32Array(3 * height * width).fill(1.5);

  test('finds the patches that ink is on', async () => {
    const filtered = await openSwin();
    const page = paper();
    // In one colour: a dot on the patch at (1, 3), a fainter one at (4, 6), and grey that fills (0, 0).
    const at = (y: number, x: number) => height * width + y * width + x;
    page[at(2, 7)] = -1.5;
    page[at(9, 12)] = 0.3;
    for (const [y, x] of [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ] as const)
      page[at(y, x)] = 0;
    const { content, marks } = await filtered.run(page, { detector: 'contrast', threshold: 0.3 });
    const expected = Array.from({ length: patches }, () => 0);
    expected[1 * columns + 3] = 1;
    expected[4 * columns + 6] = 0.4;
    expect(largestError(content, expected)).toBeLessThan(1e-5);
    // Squares (0, 1) and (2, 3) of 3 × 4.
    expect(marks).toEqual([0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  });

  test('leaves one token of an empty page', async () => {
    const filtered = await openSwin();
    const { tokens, marks } = await filtered.run(paper(), { detector: 'contrast', threshold: 1 });
    expect(tokens).toHaveLength(1);
    expect(tokens.flat().every(Number.isFinite)).toBe(true);
    expect(marks.filter((mark) => mark === 1)).toHaveLength(1);
  });
});

test.for([
  { sides: [2, 2], depths: '1', headCounts: '1' },
  { sides: [2, 6], depths: '2, 1', headCounts: '1, 2' },
] as const)(
  'of a picture of $sides pixels one token leaves at least, with any threshold',
  async ({ sides, ...stages }) => {
    const [tall, wide] = sides;
    const picture = float32(normalNumbers(3 * tall * wide, 2), [1, 3, tall, wide]);
    for (const detector of ['network', 'contrast'])
      for (const threshold of [0, 1]) {
        const part = { definition: contentFilter, params: { detector, threshold, layerCount: 0 } };
        const node = {
          ...single({ ...stages, windowSize: 1 }, [part]),
          inputs: { pixels: { kind: 'pixels', height: tall, width: wide } as const },
        };
        const { tokens } = await bench.runNode(node, { pixels: picture });
        const [, count = 0] = tokens?.dims ?? [];
        expect(count).toBeGreaterThanOrEqual(1);
        expect(count).toBeLessThanOrEqual(wide / 2);
        expect(floatsOf(tokens).every(Number.isFinite)).toBe(true);
      }
  },
);

describe('Swin', () => {
  const filter: PluggedIn = { definition: contentFilter, params: {} };

  test('says how many tokens it expects, at most as many as there were, on no grid', () => {
    const wire = (params: Params) =>
      valueOf(buildSingleNode(single(params, [filter]))).outputs['tokens'];
    expect(wire({})).toMatchObject({ count: { known: false, tokens: 6, most: 12 }, grid: null });
    expect(wire({ select: 'mean' })).toMatchObject({ count: { known: true, tokens: 1 } });
  });

  test('has less to do, of which every size is expected', () => {
    const graph = (isFiltered: boolean) =>
      sketchDocument(
        {
          image: ['input/image', { source: { kind: 'sample', name: 'still-life' } }],
          preprocess: ['vision/preprocess'],
          encoder: ['encoder/swin', { model: 'tiny-224' }],
          projector: ['projector/mlp', { outputWidth: 64 }],
          ...(isFiltered && { part: ['compression/content-filter', {}] as const }),
        },
        [
          'image.image > preprocess.image',
          'preprocess.pixels > encoder.pixels',
          'encoder.tokens > projector.tokens',
          ...(isFiltered ? ['part.part > encoder.parts'] : []),
        ],
      );
    const [filtered, whole] = [graph(true), graph(false)].map((each) => {
      const { stages } = valueOf(estimateGraph(checkGraph(each, catalogue)));
      return stages.find(({ node }) => node === 'encoder')?.flops ?? NaN;
    }) as [number, number];
    expect(filtered).toBeLessThan(0.65 * whole);
    expect(filtered).toBeGreaterThan(0.45 * whole);
  });

  test.for([
    [
      single({}, [filter, filter]),
      '2 parts would take patches out of the same picture, each not knowing which the other has left; unplug all of them but one.',
    ],
    [
      single({}, [{ definition: tome, params: {} }]),
      'Swin keeps its map from stage to stage, so of encoder parts it takes only one that filters patches before the first layer; unplug the others.',
    ],
    [
      {
        ...single({}, [filter]),
        inputs: {
          pixels: { kind: 'pixels', height, width, views: { known: true, views: 4, most: 4 } },
        },
      },
      'A part lets the picture decide which patches stay, and 4 views go through Swin together, which decide otherwise; give it one picture, or unplug the part.',
    ],
    [
      {
        ...single({}, [filter]),
        definition: vit,
        params: {},
        inputs: { pixels: { kind: 'pixels', height: 224, width: 224 } },
      },
      'A part takes patches out before the first block, and ViT takes in all of them; plug it into Swin, or unplug it.',
    ],
  ] as const)('or another encoder refuses what cannot be there', ([node, message]) => {
    const outcome = buildSingleNode(node);
    expect(outcome.ok ? [] : outcome.problems.map((problem) => problem.message)).toEqual([message]);
  });
});
