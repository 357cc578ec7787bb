/** PruMerge on ONNX Runtime against the authors' steps, written out in float64. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { knownCount, type WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { floatsOf, NodeBench, wholesOf } from '#verify/node-bench.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { dot, largestError, softmax, toRows, type Row } from '../slow-formulas.testing.ts';
import { catalogue } from '../index.ts';
import { prumerge } from './prumerge.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const channels = 8;
/** Behind a projector, tokens are of another width than the encoder's keys. */
const width = 5;

interface Case {
  readonly patches: number;
  readonly neighbours: number;
  /** [N, W] */
  readonly features: Float32Array;
  /** [N + 1, C] each, the class token first. */
  readonly query: Float32Array;
  readonly key: Float32Array;
}

/** Random features and keys whose first channel alone decides what the class token attends to. */
function caseOf(patches: number, neighbours: number, logitOf: (patch: number) => number): Case {
  const query = new Float32Array((patches + 1) * channels);
  query[0] = Math.sqrt(channels);
  const key = normalNumbers((patches + 1) * channels, patches);
  for (let token = 0; token <= patches; token++) {
    key[token * channels] = token === 0 ? 0 : logitOf(token - 1);
  }
  const features = normalNumbers(patches * width, patches + 1);
  return { patches, neighbours, features, query, key };
}

type KeptTokens = 'outliers' | 'outliers-and-spread';

function single(patches: number, neighbours: number, kept: KeptTokens = 'outliers') {
  const tokens: WireOf<'tokens'> = {
    kind: 'tokens',
    count: knownCount(patches),
    channels: width,
    prefixTokens: 0,
    grid: null,
  };
  const queryKey: WireOf<'query-key'> = { kind: 'query-key', count: patches + 1, channels };
  return { definition: prumerge, params: { kept, neighbours }, inputs: { tokens, queryKey } };
}

async function compute(
  { patches, neighbours, features, query, key }: Case,
  kept: KeptTokens = 'outliers',
) {
  const outputs = await bench.runNode(
    { ...single(patches, neighbours, kept), taps: ['kept'] },
    {
      tokens: float32(features, [1, patches, width]),
      'queryKey.query': float32(query, [1, patches + 1, channels]),
      'queryKey.key': float32(key, [1, patches + 1, channels]),
    },
  );
  return { kept: wholesOf(outputs['tap.kept']), tokens: floatsOf(outputs['tokens']) };
}

/** Source: arXiv 2403.15388 and the authors' code. */
function slowly(
  { patches, neighbours, features, query, key }: Case,
  keptTokens: KeptTokens = 'outliers',
) {
  const keys = toRows(key, channels);
  const classQuery = toRows(query, channels)[0] as Row;
  const attention = softmax(keys.map((row) => dot(classQuery, row) / Math.sqrt(channels))).slice(1);
  const sorted = attention.toSorted((a, b) => a - b);
  const [lower, upper] = [quantile(sorted, 0.25), quantile(sorted, 0.75)];
  const found = attention.filter((weight) => weight > upper + 1.5 * (upper - lower)).length;
  const descending = Array.from(attention.keys()).toSorted(
    (a, b) => (attention[b] ?? 0) - (attention[a] ?? 0),
  );
  const kept = descending.slice(0, Math.trunc(patches * (found / patches)));
  if (keptTokens === 'outliers-and-spread') kept.push(...spreadBeside(kept, found, patches));

  const rows = toRows(features, width);
  const weighted = (ids: readonly number[], start: Row): Row =>
    ids.reduce<Row>((sum, id) => {
      const row = rows[id] as Row;
      return sum.map((number, channel) => number + (attention[id] ?? NaN) * (row[channel] ?? NaN));
    }, start);
  const patchKeys = keys.slice(1);
  const merged = kept.map((token) => {
    const others = Array.from(rows.keys()).filter((other) => other !== token);
    const alike = new Map(others.map((other) => [other, cosine(patchKeys, token, other)]));
    const nearest = others.toSorted((a, b) => (alike.get(b) ?? 0) - (alike.get(a) ?? 0));
    return weighted(nearest.slice(0, neighbours), rows[token] as Row);
  });
  const rest = Array.from(rows.keys()).filter((id) => !kept.includes(id));
  const nothing = Array.from({ length: width }, () => 0);
  return { found, kept, tokens: [...merged, weighted(rest, nothing)].flat() };
}

/** The code divides by the share that stands out; where nothing does, it is taken as one token. */
function spreadBeside(kept: readonly number[], found: number, patches: number): readonly number[] {
  const length = Math.trunc(1 / (Math.max(found, 1) / patches));
  const step = Math.trunc(length / 3);
  const places = Array.from({ length: Math.ceil((patches - 1) / step) }, (_, at) => at * step);
  return places.filter((place) => !kept.includes(place));
}

function quantile(sorted: Row, part: number): number {
  const place = part * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? NaN;
  const above = sorted[Math.ceil(place)] ?? NaN;
  return below + (above - below) * (place - Math.floor(place));
}

function cosine(keys: readonly Row[], a: number, b: number): number {
  const [left, right] = [keys[a] as Row, keys[b] as Row];
  const lengths = [left, right].map((row) => Math.max(Math.sqrt(dot(row, row)), 1e-12));
  return dot(left, right) / ((lengths[0] ?? NaN) * (lengths[1] ?? NaN));
}

/** Plain patches hardly differ; every `step`-th one, so many of them, is looked at a hundred times more. */
const outliers = (count: number, step: number) => (patch: number) =>
  patch % step === 0 && patch / step < count ? 4 + 0.01 * (patch % 7) : 0.1 * Math.sin(patch);

describe('as many tokens as stand out, and one that gathers the rest', () => {
  // 196 · (27 / 196) and 729 · (23 / 729) are a hair less than whole in float64: one token fewer.
  test.for([
    { patches: 40, neighbours: 5, count: 3, kept: 3 },
    { patches: 576, neighbours: 32, count: 40, kept: 40 },
    { patches: 196, neighbours: 32, count: 26, kept: 26 },
    { patches: 196, neighbours: 32, count: 27, kept: 26 },
    { patches: 196, neighbours: 32, count: 1, kept: 0 },
    { patches: 729, neighbours: 32, count: 23, kept: 22 },
    { patches: 729, neighbours: 728, count: 24, kept: 24 },
  ])('$patches patches, $count stand out', async ({ patches, neighbours, count, kept }) => {
    const example = caseOf(patches, neighbours, outliers(count, 7));
    const expected = slowly(example);
    expect([expected.found, expected.kept.length]).toEqual([count, kept]);
    const computed = await compute(example);
    expect(computed.kept).toEqual(expected.kept);
    expect(largestError(computed.tokens, expected.tokens)).toBeLessThan(2e-6);
  });

  test('random attention of any size', async () => {
    for (const patches of [5, 49, 256, 729]) {
      const skewed = normalNumbers(patches, patches + 9, 1.5);
      const example = caseOf(patches, 4, (patch) => skewed[patch] ?? 0);
      const expected = slowly(example);
      const computed = await compute(example);
      expect(computed.kept).toEqual(expected.kept);
      expect(largestError(computed.tokens, expected.tokens)).toBeLessThan(2e-6);
    }
  });
});

test('where nothing stands out, only the token that gathers all leaves', async () => {
  for (const logitOf of [() => 0.5, (patch: number) => patch / 100]) {
    const example = caseOf(64, 8, logitOf);
    const computed = await compute(example);
    expect(computed.kept).toEqual([]);
    expect(largestError(computed.tokens, slowly(example).tokens)).toBeLessThan(1e-6);
  }
});

describe('PruMerge+ keeps an even spread of the others behind the outliers', () => {
  // 1 / (3 / 729) is a hair less than 243 in float64.
  test.for([
    { patches: 40, neighbours: 5, count: 3, kept: 10 },
    { patches: 576, neighbours: 32, count: 40, kept: 144 },
    { patches: 729, neighbours: 32, count: 3, kept: 12 },
    { patches: 49, neighbours: 8, count: 12, kept: 48 },
    { patches: 64, neighbours: 4, count: 0, kept: 3 },
  ])('$patches patches, $count stand out', async ({ patches, neighbours, count, kept }) => {
    const example = caseOf(patches, neighbours, outliers(count, 4));
    const expected = slowly(example, 'outliers-and-spread');
    expect([expected.found, expected.kept.length]).toEqual([count, kept]);
    const computed = await compute(example, 'outliers-and-spread');
    expect(computed.kept).toEqual(expected.kept);
    expect(largestError(computed.tokens, expected.tokens)).toBeLessThan(3e-6);
  });

  test('the wire says how many are expected and how many there can be', () => {
    const built = buildSingleNode(single(576, 32, 'outliers-and-spread'));
    expect(built.ok && built.value.outputs['tokens']).toMatchObject({
      count: { known: false, tokens: 175, most: 577 },
    });
  });
});

test('of equal tokens the first comes first, and a key of zeros resembles none', async () => {
  const example = caseOf(64, 6, (patch) => (patch === 50 || patch === 9 || patch === 31 ? 5 : 0));
  // Patches 20 to 29 have one key, so that patch 9, which has it too, is equally near to all of them.
  const shared = [0, ...normalNumbers(channels - 1, 3)];
  for (let patch = 20; patch < 30; patch++) example.key.set(shared, (patch + 1) * channels);
  example.key.set([5, ...shared.slice(1)], 10 * channels);
  example.key.fill(0, 61 * channels, 62 * channels);
  const expected = slowly(example);
  const computed = await compute(example);
  expect(computed.kept).toEqual([9, 31, 50]);
  expect(largestError(computed.tokens, expected.tokens)).toBeLessThan(1e-6);
});

test('pictures of thousands of patches build, and the wire bounds what leaves', () => {
  // 52 × 52: a table of one number a patch would be too large a constant.
  const built = buildSingleNode(single(2704, 32));
  expect(built.ok && built.value.outputs['tokens']).toMatchObject({
    count: { known: false, most: 677 },
    grid: null,
  });
  const refused = [
    single(32, 32),
    { ...single(40, 8), inputs: { ...single(41, 8).inputs, tokens: single(40, 8).inputs.tokens } },
  ];
  const params = refused.map((wrong) => {
    const outcome = buildSingleNode(wrong);
    return outcome.ok ? null : (outcome.problems[0]?.param ?? outcome.problems[0]?.port);
  });
  expect(params).toEqual(['neighbours', 'tokens']);
});

test('where a part inside the encoder decides how many patches there are, the check says so', () => {
  const encoder = { model: 'custom', imageSize: 32, patchSize: 8, layerCount: 3 };
  const { problems } = checkGraph(
    sketchDocument(
      {
        image: ['input/image'],
        preprocess: ['vision/preprocess'],
        madtp: ['compression/madtp'],
        encoder: ['encoder/clip-vit', { ...encoder, hiddenSize: 16, headCount: 2 }],
        other: ['encoder/clip-vit', { ...encoder, hiddenSize: 16, headCount: 2 }],
        prune: ['compression/prumerge', { neighbours: 4 }],
      },
      [
        'image.image > preprocess.image',
        'preprocess.pixels > encoder.pixels',
        'preprocess.pixels > other.pixels',
        'madtp.part > encoder.parts',
        'other.tokens > prune.tokens',
        'encoder.queryKey > prune.queryKey',
      ],
    ),
    catalogue,
  );
  expect(problems.filter(({ node }) => node === 'prune')).toMatchObject([
    { code: 'parts-conflict', port: 'queryKey', message: expect.stringMatching(/drops some; /) },
  ]);
});
