/** MADTP inside a vision transformer, against the paper's steps written out block by block. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Json } from '#engine/contract/document.ts';
import { estimateGraph } from '#engine/estimate/estimate.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import type { AnyNodeDefinition } from '#engine/node/any-node-definition.ts';
import { buildSingleNode, type PluggedIn } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import { floatsOf, NodeBench, wholesOf } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { linformer } from '../acceleration/linformer.ts';
import { siglip } from '../encoder/siglip.ts';
import { vit } from '../encoder/vit.ts';
import { catalogue } from '../index.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import {
  attend,
  dot,
  gelu,
  largestError,
  layerNorm,
  linear,
  softmax,
  toRows,
  type Row,
  type Rows,
} from '../slow-formulas.testing.ts';
import { madtp } from './madtp.ts';
import { tome } from './tome.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const [side, channels, heads, slots] = [24, 16, 2, 5];
const figures = {
  model: 'custom',
  imageSize: side,
  patchSize: 4,
  hiddenSize: channels,
  layerCount: 3,
  headCount: heads,
  feedForwardSize: 24,
  normEpsilon: 1e-6,
};
const patches = 36;
const pixels = normalNumbers(3 * side * side, 8);

type Params = Readonly<Record<string, Json>>;

async function openEncoder(own: Params) {
  const weights = { kind: 'checkpoint', folder: await bench.newFolder() };
  const part = { definition: madtp, params: { slots, weights, ...own } };
  const single = (params: Params, parts: readonly PluggedIn[], taps: readonly string[] = []) => ({
    definition: vit,
    params: { ...figures, select: 'all', ...params, weights },
    inputs: { pixels: { kind: 'pixels', height: side, width: side } as const },
    parts: { parts },
    taps,
  });
  const { model } = valueOf(buildSingleNode(single({ featureLayer: -1 }, [part])));
  const known = await writeKnownWeights(weights.folder, [model], 3);
  const feeds = { pixels: float32(pixels, [1, 3, side, side]) };
  const rowsAfter = async (featureLayer: number, plugged: boolean) => {
    const node = single({ featureLayer }, plugged ? [part] : [], plugged ? ['kept'] : []);
    const given = await bench.runNode(node, feeds);
    return { rows: toRows(floatsOf(given['tokens']), channels), kept: given['tap.kept'] };
  };
  return { rowsAfter, of: (name: string) => known.get(name)?.data ?? [], weights };
}

type Encoder = Awaited<ReturnType<typeof openEncoder>>;

interface State {
  readonly rows: Rows;
  readonly places: readonly number[];
}

const sumOf = (numbers: Row): number => numbers.reduce((sum, number) => sum + number, 0);
const shares = (numbers: Row): Row => numbers.map((number) => number / (sumOf(numbers) + 1e-8));
const range = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at);

function blockSlowly(
  { of }: Encoder,
  block: number,
  { rows, places }: State,
  { temperature, slotWidth }: { readonly temperature: number; readonly slotWidth: number },
): State {
  const layer = `encoder.layer.${block}`;
  const map = (all: Rows, name: string): Rows =>
    linear(all, toRows(of(`${name}.weight`), all[0]?.length ?? 0), of(`${name}.bias`));
  const normed = (all: Rows, name: string): Rows =>
    layerNorm(all, of(`${layer}.${name}.weight`), of(`${layer}.${name}.bias`), 1e-6);
  const input = normed(rows, 'layernorm_before');
  const [query, key, value] = ['query', 'key', 'value'].map((part) =>
    map(input, `${layer}.attention.attention.${part}`),
  ) as [Rows, Rows, Rows];
  const mixed = attend(query, key, value, heads);
  const added = map(mixed, `${layer}.attention.output.dense`).map((row, at) =>
    row.map((number, channel) => number + (rows[at]?.[channel] ?? NaN)),
  );

  const size = channels / heads;
  const cut = (row: Row | undefined, head: number): Row =>
    (row ?? []).slice(head * size, (head + 1) * size);
  const weights = range(heads).map((head) =>
    query.map((row) =>
      softmax(key.map((other) => dot(cut(row, head), cut(other, head)) / Math.sqrt(size))),
    ),
  );
  const at = range(rows.length - 1).map((place) => place + 1);
  const weight = (head: number, from: number, to: number) => weights[head]?.[from]?.[to] ?? NaN;
  const byPatches = shares(
    at.map((to) =>
      sumOf(at.map((from) => Math.max(...range(heads).map((head) => weight(head, from, to))))),
    ),
  );
  const length = (place: number, head: number) => {
    const part = cut(mixed[place], head);
    return Math.sqrt(dot(part, part));
  };
  const byClass = at.map((to) => {
    const lengths = range(heads).map((head) => length(to, head));
    return sumOf(
      range(heads).map(
        (head) => (weight(head, 0, to) * (lengths[head] ?? NaN)) / (sumOf(lengths) + 1e-8),
      ),
    );
  });
  const asked = slotWidth === 0 ? rows.slice(1) : map(rows.slice(1), 'img_query_model.q_map.0');
  const fits = linear(asked, toRows(of('space_dict'), slotWidth === 0 ? channels : slotWidth));
  const bySlots = shares(fits.map((row) => Math.max(...row)));
  const importance = at.map(
    (_, place) =>
      ((byPatches[place] ?? NaN) + (byClass[place] ?? NaN) + (bySlots[place] ?? NaN)) / 3,
  );
  const threshold = Math.min(
    ...range(slots).map((slot) =>
      dot(softmax(fits.map((row) => (row[slot] ?? NaN) / temperature)), importance),
    ),
  );
  const pruned = prune({ rows: added, places }, importance, threshold);
  const inner = map(normed(pruned.rows, 'layernorm_after'), `${layer}.intermediate.dense`);
  const branch = map(
    inner.map((row) => row.map(gelu)),
    `${layer}.output.dense`,
  );
  const left = pruned.rows.map((row, place) =>
    row.map((number, channel) => number + (branch[place]?.[channel] ?? NaN)),
  );
  return { rows: left, places: pruned.places };
}

function prune({ rows, places }: State, importance: Row, threshold: number): State {
  const all = range(importance.length);
  const kept = all.filter((place) => (importance[place] ?? NaN) > threshold);
  const gone = all.filter((place) => !kept.includes(place));
  if (kept.length === 0 || gone.length < 2) return { rows, places };
  const weights = shares(gone.map((place) => importance[place] ?? NaN));
  const mixed = range(channels).map((channel) =>
    dot(
      weights,
      gone.map((place) => rows[place + 1]?.[channel] ?? NaN),
    ),
  );
  const pick = [rows[0] as Row, ...kept.map((place) => rows[place + 1] as Row), mixed];
  return { rows: pick, places: [...kept.map((place) => places[place] ?? NaN), -1] };
}

describe('each block keeps what matters in it, and makes one token of the rest', () => {
  test.for([
    { temperature: 1, slotWidth: 0, goes: true },
    { temperature: 4, slotWidth: 7, goes: true },
    // Each slot looks at one patch, and the one that matters least lets all but itself stay.
    { temperature: 0.001, slotWidth: 0, goes: null },
  ])('temperature $temperature, slots of $slotWidth', async ({ goes, ...own }) => {
    const encoder = await openEncoder(own);
    let state: State = {
      rows: (await encoder.rowsAfter(-4, false)).rows,
      places: range(patches),
    };
    for (let block = 0; block < 3; block++) {
      state = blockSlowly(encoder, block, state, own);
      if (block === 2) continue;
      const { rows, kept } = await encoder.rowsAfter(block - 3, true);
      expect(wholesOf(kept)).toEqual(state.places);
      expect(largestError(rows.flat(), state.rows.flat())).toBeLessThan(2e-5);
    }
    if (goes !== null) expect(state.places.length).toBeLessThan(patches);
  });
});

describe('the encoder', () => {
  const single = (definition: AnyNodeDefinition, parts: readonly PluggedIn[], views = 1) => ({
    definition,
    params: { ...figures, featureLayer: -1 },
    inputs: {
      pixels: {
        kind: 'pixels',
        height: side,
        width: side,
        ...(views > 1 && { views: { known: true, views, most: views } }),
      } as const,
    },
    parts: { parts },
  });
  const part: PluggedIn = { definition: madtp, params: {} };
  const problems = (node: Parameters<typeof buildSingleNode>[0]) => {
    const outcome = buildSingleNode(node);
    return outcome.ok ? [] : outcome.problems.map(({ message }) => message);
  };

  test('says how many tokens it expects, at most as many as there were, on no grid', () => {
    const { outputs } = valueOf(buildSingleNode(single(vit, [part])));
    // 36 patches less a tenth, three times.
    expect(outputs['tokens']).toMatchObject({
      count: { known: false, tokens: 26, most: patches },
      grid: null,
    });
  });

  test('has an expectation of every size that the picture decides, so that it can be estimated', () => {
    const graph = (temperature: number | null) =>
      sketchDocument(
        {
          image: ['input/image', { source: { kind: 'sample', name: 'still-life' } }],
          preprocess: ['vision/preprocess'],
          encoder: ['encoder/clip-vit', { model: 'vit-b16', featureLayer: -2 }],
          projector: ['projector/mlp', { outputWidth: 64 }],
          ...(temperature !== null && { part: ['compression/madtp', { temperature }] as const }),
        },
        [
          'image.image > preprocess.image',
          'preprocess.pixels > encoder.pixels',
          'encoder.tokens > projector.tokens',
          ...(temperature === null ? [] : ['part.part > encoder.parts']),
        ],
      );
    const [pruned, whole] = [graph(1), graph(null)].map((each) => {
      const { stages } = valueOf(estimateGraph(checkGraph(each, catalogue)));
      return stages.find(({ node }) => node === 'encoder')?.flops ?? NaN;
    }) as [number, number];
    expect(pruned).toBeLessThan(0.8 * whole);
    expect(pruned).toBeGreaterThan(0.4 * whole);
  });

  test('refuses what the part cannot do there, and says how to mend it', () => {
    expect(problems(single(siglip, [part]))).toEqual([
      'A part ranks patches by what the class token looks at, and SigLIP has none; use an encoder that has one, such as CLIP.',
    ]);
    expect(problems(single(vit, [part], 4))).toEqual([
      'A part lets the picture decide how many tokens stay, and 4 views go through ViT together, which decide otherwise; give it one picture, or unplug the part.',
    ]);
    expect(problems(single(vit, [part, { definition: tome, params: {} }]))).toEqual([
      '2 parts would take tokens out inside the same encoder, each not knowing which the other has left; unplug all of them but one.',
    ]);
    expect(problems(single(vit, [part, { definition: linformer, params: {} }]))).toEqual([
      'One part lets the picture decide how many tokens a block has, another replaces attention over a number of them; unplug one of the two.',
    ]);
  });
});
