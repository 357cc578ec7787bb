/** Parts inside encoders: what they leave of a picture, against slow formulas, and what they exclude. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Json } from '#engine/contract/document.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import type { AnyNodeDefinition } from '#engine/node/any-node-definition.ts';
import { buildSingleNode, type PluggedIn } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { linformer } from '../acceleration/linformer.ts';
import { madtp } from '../compression/madtp.ts';
import { tome } from '../compression/tome.ts';
import { catalogue } from '../index.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { dot, largestError, toRows, type Rows } from '../slow-formulas.testing.ts';
import { clipVit } from './clip-vit.ts';
import { dinov2 } from './dinov2.ts';
import { dinov3 } from './dinov3.ts';
import { siglip } from './siglip.ts';
import { vit } from './vit.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

type Params = Readonly<Record<string, Json>>;

const side = 25;
const figures = {
  model: 'custom',
  imageSize: side,
  patchSize: 5,
  hiddenSize: 16,
  layerCount: 3,
  headCount: 2,
  feedForwardSize: 24,
};
const patches = 25;
const pixels = normalNumbers(3 * side * side, 4);

/** An encoder with known weights and parts, as a function of what else is set. */
async function openEncoder(
  definition: AnyNodeDefinition,
  own: Params = {},
  adjust?: (name: string, data: Float32Array) => void,
) {
  const folder = await bench.newFolder();
  const weights = { kind: 'checkpoint', folder };
  const single = (params: Params, parts: readonly PluggedIn[] = [], taps: string[] = []) => ({
    definition,
    params: { ...figures, ...own, weights, ...params },
    inputs: { pixels: { kind: 'pixels', height: side, width: side } as const },
    parts: {
      parts: parts.map((part) => ({ ...part, params: { ...part.params, weights } })),
    },
    taps,
  });
  const mixing = { definition: linformer, params: { projected: patches } };
  const all = [
    single({ featureLayer: -1, select: 'pooled' }, [mixing]),
    single({ featureLayer: -1 }),
  ];
  const models = all.map((each) => valueOf(buildSingleNode(each)).model);
  await writeKnownWeights(folder, models, 3, adjust);
  return {
    wires: (params: Params, parts: readonly PluggedIn[]) =>
      valueOf(buildSingleNode(single(params, parts))).outputs,
    run: (params: Params, parts?: readonly PluggedIn[], taps?: string[]) =>
      bench.runNode(single(params, parts, taps), { pixels: float32(pixels, [1, 3, side, side]) }),
  };
}

const merging = (params: Params): PluggedIn => ({ definition: tome, params });

/** The first tokens that each is made of, by the paper's algorithm, one token after the other. */
function mergeSlowly(keys: Rows, count: number, prefix: number): readonly (readonly number[])[] {
  const places = keys.map((_, place) => place);
  const even = places.filter((place) => place >= prefix && place % 2 === 0);
  const odd = places.filter((place) => place >= prefix && place % 2 === 1);
  const unit = keys.map((key) => key.map((number) => number / Math.sqrt(dot(key, key))));
  const partners = even
    .map((place) => {
      const alike = odd.map((other) => ({
        other,
        score: dot(unit[place] ?? [], unit[other] ?? []),
      }));
      return { place, ...alike.reduce((best, next) => (next.score > best.score ? next : best)) };
    })
    .toSorted((a, b) => b.score - a.score)
    .slice(0, count);
  const gone = new Set(partners.map(({ place }) => place));
  // Prefix first, then the even ones that stay, then the odd ones with what has come to them.
  const order = [...places.slice(0, prefix), ...even.filter((place) => !gone.has(place)), ...odd];
  return order.map((place) =>
    [place, ...partners.filter(({ other }) => other === place).map((pair) => pair.place)].toSorted(
      (a, b) => a - b,
    ),
  );
}

describe.each([
  ['ViT', vit, 1, {}],
  ['CLIP', clipVit, 1, { projectionSize: 12 }],
  ['DINOv2 with three registers', dinov2, 4, { registerCount: 3 }],
  ['DINOv2 with two registers', dinov2, 3, { registerCount: 2 }],
] as const)('ToMe in %s', (_name, definition, prefix, own) => {
  test('merges in one block what the paper says, and leaves the tokens before the patches where they are', async () => {
    const encoder = await openEncoder(definition, own);
    const setting = { featureLayer: -3, select: 'all' };
    const block = merging({ merged: '6, 0' });
    const fewer = await encoder.run(setting, [block], ['size', 'source', 'key']);
    const left = prefix + patches - 6;
    const channels = figures.hiddenSize;
    const keys = toRows(floatsOf(fewer['tap.key']), channels).map((key) =>
      key.slice(0, 8).map((number, index) => (number + (key[8 + index] ?? NaN)) / 2),
    );
    const expected = mergeSlowly(keys, 6, prefix);
    const places = keys.map((_, place) => place);
    const sources = toRows(floatsOf(fewer['tap.source']), prefix + patches).map((row) =>
      places.filter((place) => row[place] === 1),
    );
    expect(sources).toEqual(expected);
    expect(sources.slice(0, prefix)).toEqual(places.slice(0, prefix).map((place) => [place]));
    expect(Array.from(floatsOf(fewer['tap.size']))).toEqual(expected.map(({ length }) => length));
    expect(fewer['tokens']?.dims).toEqual([1, left, channels]);
  });

  test('tells how many tokens leave, and that they lie on no grid any more', async () => {
    const encoder = await openEncoder(definition, own);
    const all = merging({ merged: '5' });
    for (const [featureLayer, count] of [
      [-1, patches - 15],
      [-2, patches - 10],
      [-4, patches],
    ] as const) {
      const setting = { featureLayer, select: 'patches' };
      const { tokens } = encoder.wires(setting, [all]);
      const grid = count === patches ? { rows: 5, columns: 5 } : null;
      expect(tokens).toMatchObject({ count: { known: true, tokens: count }, grid });
      const outputs = await encoder.run(setting, [all]);
      expect(outputs['tokens']?.dims).toEqual([1, count, figures.hiddenSize]);
    }
    // Half of what is not protected is the most that a block can give up.
    const most = encoder.wires({ featureLayer: -3 }, [merging({ merged: '4000' })]);
    expect(most['tokens']).toMatchObject({ count: { tokens: Math.ceil(patches / 2) } });
  });
});

test('a merged token is looked at as often as those that it stands for, or once', async () => {
  const encoder = await openEncoder(vit);
  const setting = { featureLayer: -1, select: 'all' };
  const merged = (proportional: boolean) => [merging({ merged: '10 0', proportional })];
  const weighed = floatsOf((await encoder.run(setting, merged(true)))['tokens']);
  const alike = floatsOf((await encoder.run(setting, merged(false)))['tokens']);
  expect(largestError(weighed, alike)).toBeGreaterThan(1e-3);
  // In the one block that merges, nothing has been merged before anyone looks.
  const one = { featureLayer: -3, select: 'all' };
  const first = floatsOf((await encoder.run(one, merged(true)))['tokens']);
  expect(largestError(first, floatsOf((await encoder.run(one, merged(false)))['tokens']))).toBe(0);
});

describe('Linformer in SigLIP', () => {
  /** Each mixture is one token: nothing is mixed. */
  const unmixed = (name: string, data: Float32Array) => {
    if (!/proj_[kv]$/.test(name)) return;
    data.fill(0);
    for (let token = 0; token < patches; token++) data[token * patches + token] = 1;
  };
  const part = (params: Params): PluggedIn => ({ definition: linformer, params });
  const setting = { featureLayer: -1, select: 'patches' };

  test('that mixes nothing is the attention that it replaces', async () => {
    const encoder = await openEncoder(siglip, {}, unmixed);
    const plain = floatsOf((await encoder.run(setting))['tokens']);
    const same = floatsOf((await encoder.run(setting, [part({ projected: patches })]))['tokens']);
    expect(largestError(same, plain)).toBeLessThan(1e-5);
  });

  test('that does changes the tokens of the blocks that it is in', async () => {
    const encoder = await openEncoder(siglip);
    const at = async (featureLayer: number, parts: readonly PluggedIn[]) =>
      floatsOf((await encoder.run({ ...setting, featureLayer }, parts))['tokens']);
    const late = [part({ projected: patches, layers: 'second-half' })];
    expect(largestError(await at(-3, late), await at(-3, []))).toBe(0);
    expect(largestError(await at(-2, late), await at(-2, []))).toBe(0);
    expect(largestError(await at(-1, late), await at(-1, []))).toBeGreaterThan(1e-3);
  });
});

/** What is said of parts in a ViT-B/16 with blocks 0 to 11, over 197 tokens. */
function problemsWith(parts: Parameters<typeof sketchDocument>[0], encoder: Params = {}) {
  const graph = sketchDocument(
    {
      image: ['input/image'],
      preprocess: ['vision/preprocess'],
      encoder: ['encoder/vit', { featureLayer: -1, ...encoder }],
      ...parts,
    },
    [
      'image.image > preprocess.image',
      'preprocess.pixels > encoder.pixels',
      ...Object.keys(parts).map((id) => `${id}.part > encoder.parts`),
    ],
  );
  return checkGraph(graph, catalogue).problems.map(({ code, severity, node, port, message }) => {
    expect({ code, node, port }).toEqual({
      code: 'parts-conflict',
      node: 'encoder',
      port: 'parts',
    });
    return [severity, message];
  });
}

test('an encoder refuses what excludes each other, and says how to mend it', () => {
  const merges = (params: Params): readonly [string, Params] => ['compression/tome', params];
  const mixes = (params: Params): readonly [string, Params] => ['acceleration/linformer', params];
  expect(problemsWith({ a: merges({ merged: '16,'.repeat(12) }) })).toEqual([]);
  expect(problemsWith({ a: merges({ proportional: false }), b: mixes({}) })).toEqual([]);
  expect(problemsWith({ a: merges({}), b: mixes({ layers: 'first-half' }) })).toEqual([
    ['error', expect.stringMatching(/switch proportional attention off/)],
  ]);
  expect(
    problemsWith({ a: merges({ merged: '0 0 0 0 0 0 9 9' }), b: mixes({ layers: 'first-half' }) }),
  ).toEqual([]);
  expect(problemsWith({ a: merges({}), b: merges({}) })).toEqual([
    ['error', expect.stringMatching(/^2 parts would take tokens out inside the same encoder/)],
  ]);
  expect(problemsWith({ a: merges({ merged: '8, '.repeat(13) }) })).toEqual([
    [
      'error',
      'A part lists tokens for 13 blocks, this ViT has 12; list 12 numbers at most, or one for all blocks.',
    ],
  ]);
  expect(
    problemsWith({ a: merges({ merged: `${'0 '.repeat(11)}5` }) }, { featureLayer: -2 }),
  ).toEqual([
    [
      'warning',
      expect.stringMatching(/only behind block 10, .* does nothing; let it begin earlier/),
    ],
  ]);
  expect(problemsWith({ a: mixes({}), b: mixes({ layers: 'every-second' }) })).toEqual([
    ['error', expect.stringMatching(/replace the attention of block 0/)],
  ]);
  expect(problemsWith({ a: mixes({ tokens: 196 }) })).toEqual([
    [
      'error',
      expect.stringMatching(/at most 196 tokens, 197 enter the encoder; raise its tokens to 197/),
    ],
  ]);
});

test('a tower that turns tokens by their places refuses a part that drops some, however few', () => {
  // So few patches that all of them are expected to stay.
  const single = {
    definition: dinov3,
    params: { ...figures, headCount: 4 },
    inputs: { pixels: { kind: 'pixels', height: 5, width: 5 } },
    parts: { parts: [{ definition: madtp, params: {} }] },
  } as const;
  expect(buildSingleNode(single)).toMatchObject({
    ok: false,
    problems: [{ code: 'parts-conflict', message: expect.stringMatching(/^DINOv3 turns every/) }],
  });
});

test.each(['', 'many', '-3', '2.5', '8; 8', '100000'])('"%s" is no number of tokens', (merged) => {
  const graph = sketchDocument({ merging: ['compression/tome', { merged }] });
  expect(checkGraph(graph, catalogue).problems).toMatchObject([
    { code: 'param-invalid', node: 'merging', param: 'merged' },
  ]);
});

test('each block merges as many as its place in the list says, and those behind it none', async () => {
  const encoder = await openEncoder(vit);
  const listed = [merging({ merged: '2 7' })];
  const counts = [-3, -2, -1].map((featureLayer) => {
    const { tokens } = encoder.wires({ featureLayer }, listed);
    return tokens?.kind === 'tokens' ? tokens.count.tokens : NaN;
  });
  expect(counts).toEqual([patches - 2, patches - 9, patches - 9]);
});
