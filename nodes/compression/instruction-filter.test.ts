/** HRVDA's instruction filter against its steps written out, token by token. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Json } from '#engine/contract/document.ts';
import { estimateGraph } from '#engine/estimate/estimate.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { estimatedCount, knownCount, type WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import { floatsOf, NodeBench, wholesOf } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { catalogue } from '../index.ts';
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
import { instructionFilter } from './instruction-filter.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const [rows, columns, width, words, wordWidth, headCount] = [4, 5, 8, 3, 6, 2];
const patches = rows * columns;

const tokens = (rest: Partial<WireOf<'tokens'>> = {}): WireOf<'tokens'> => ({
  kind: 'tokens',
  count: knownCount(1 + patches),
  channels: width,
  prefixTokens: 1,
  grid: { rows, columns },
  ...rest,
});

/** As a content filter leaves them. */
const unknown = (expected: number): Partial<WireOf<'tokens'>> => ({
  count: estimatedCount(expected, patches),
  prefixTokens: 0,
  grid: null,
});

const instruction = {
  kind: 'text-embeddings',
  count: estimatedCount(16, 128),
  channels: wordWidth,
} as const;

type Params = Readonly<Record<string, Json>>;

const single = (params: Params, wire = tokens(), taps: readonly string[] = []) => ({
  definition: instructionFilter,
  params: { headCount, width: 7, ...params },
  inputs: { tokens: wire, instruction },
  taps,
});

async function openFilter() {
  const weights = { kind: 'checkpoint', folder: await bench.newFolder() };
  const { model } = valueOf(buildSingleNode(single({ weights })));
  const known = await writeKnownWeights(weights.folder, [model], 3);
  const of = (name: string) => known.get(name)?.data ?? [];
  const map = (all: Rows, name: string): Rows =>
    linear(all, toRows(of(`${name}.weight`), all[0]?.length ?? 0), of(`${name}.bias`));
  const normed = (all: Rows, name: string): Rows =>
    layerNorm(all, of(`${name}.weight`), of(`${name}.bias`), 1e-5);
  const scoresOf = (seen: Rows, said: Rows): Row => {
    const asked = normed(said, 'fuse.instruction_norm');
    const found = attend(
      map(normed(seen, 'fuse.token_norm'), 'fuse.query'),
      map(asked, 'fuse.key'),
      map(asked, 'fuse.value'),
      headCount,
    );
    const added = map(found, 'fuse.output');
    const heard = seen.map((row, place) =>
      row.map((number, channel) => number + (added[place]?.[channel] ?? NaN)),
    );
    const inner = map(normed(heard, 'score.norm'), 'score.up').map((row) => row.map(gelu));
    return map(inner, 'score.down').map(([score = NaN]) => score);
  };
  return { weights, scoresOf };
}

/** The best so many, in their order. */
const bestOf = (scores: Row, count: number): readonly number[] =>
  scores
    .map((_, place) => place)
    .toSorted((a, b) => (scores[b] ?? NaN) - (scores[a] ?? NaN))
    .slice(0, count)
    .toSorted((a, b) => a - b);

const seen = normalNumbers((1 + patches) * width, 1);
const said = normalNumbers(words * wordWidth, 2);
const given = {
  tokens: float32(seen, [1, 1 + patches, width]),
  instruction: float32(said, [1, words, wordWidth]),
};
const ofPatches = toRows(seen, width).slice(1);

describe('the tokens that the instruction is about stay, as they were and in their order', () => {
  test.for([
    [0.25, 5],
    // 20 patches and 0.63 of them are 12.6.
    [0.63, 13],
    [1, 20],
    // One at least.
    [0.001, 1],
  ] as const)('a share of %d are %d of 20', async ([keptShare, count]) => {
    const { weights, scoresOf } = await openFilter();
    const scores = scoresOf(ofPatches, toRows(said, wordWidth));
    const node = single({ keptShare, weights }, tokens(), ['scores', 'marks']);
    const run = await bench.runNode(node, given);
    expect(largestError(floatsOf(run['tap.scores']), scores)).toBeLessThan(1e-5);
    const places = bestOf(scores, count);
    const kept = toRows(floatsOf(run['tokens']), width);
    expect(kept).toEqual(places.map((place) => ofPatches[place]));
    expect(wholesOf(run['tap.marks'])).toEqual(
      ofPatches.map((_, place) => (places.includes(place) ? 1 : 0)),
    );
    expect(valueOf(buildSingleNode(node)).outputs['tokens']).toEqual(
      tokens({ count: knownCount(count), prefixTokens: 0, grid: null }),
    );
  });

  test('another instruction is about others', async () => {
    const { weights } = await openFilter();
    const node = single({ keptShare: 0.5, weights }, tokens(), ['marks']);
    const other = float32(normalNumbers(words * wordWidth, 8), [1, words, wordWidth]);
    const [one, two] = await Promise.all(
      [given, { ...given, instruction: other }].map((each) => bench.runNode(node, each)),
    );
    expect(wholesOf(one?.['tap.marks'])).not.toEqual(wholesOf(two?.['tap.marks']));
  });

  test.for([
    [20, 0.63, 13],
    [7, 0.5, 4],
    [1, 0.5, 1],
    [3, 0.001, 1],
  ] as const)(
    'of %d tokens that a picture has left, a share of %d',
    async ([count, share, kept]) => {
      const { weights, scoresOf } = await openFilter();
      const left = ofPatches.slice(0, count);
      const node = single({ keptShare: share, weights }, tokens(unknown(9)));
      const run = await bench.runNode(node, {
        ...given,
        tokens: float32(Float32Array.from(left.flat()), [1, count, width]),
      });
      const places = bestOf(scoresOf(left, toRows(said, wordWidth)), kept);
      expect(toRows(floatsOf(run['tokens']), width)).toEqual(places.map((place) => left[place]));
    },
  );
});

test('how many stay of tokens that a picture decides is expected only', () => {
  const { outputs } = valueOf(buildSingleNode(single({ keptShare: 0.5 }, tokens(unknown(9)))));
  expect(outputs['tokens']).toMatchObject({ count: estimatedCount(5, 10), grid: null });
});

test('channels that do not divide into heads are refused', () => {
  const outcome = buildSingleNode(single({ headCount: 3 }));
  expect(outcome.ok ? [] : outcome.problems.map(({ message }) => message)).toEqual([
    '8 channels do not divide into 3 heads; choose a number of heads that divides them.',
  ]);
});

test('behind a content filter it has an expectation of every size', () => {
  const graph = (keptShare: number) =>
    sketchDocument(
      {
        image: ['input/image', { source: { kind: 'sample', name: 'still-life' } }],
        prompt: ['input/prompt', { text: 'What does it cost?' }],
        preprocess: ['vision/preprocess'],
        content: ['compression/content-filter'],
        encoder: ['encoder/swin', { model: 'tiny-224' }],
        projector: ['projector/mlp', { outputWidth: 64 }],
        tokenise: ['text/tokenise'],
        embedding: ['text/embedding'],
        filter: ['compression/instruction-filter', { keptShare }],
        after: ['projector/mlp', { outputWidth: 64 }],
      },
      [
        'image.image > preprocess.image',
        'preprocess.pixels > encoder.pixels',
        'content.part > encoder.parts',
        'encoder.tokens > projector.tokens',
        'projector.tokens > filter.tokens',
        'prompt.text > tokenise.text',
        'tokenise.ids > embedding.ids',
        'embedding.embeddings > filter.instruction',
        'filter.tokens > after.tokens',
      ],
    );
  const [some, all] = [graph(0.2), graph(1)].map((each) => {
    const { stages } = valueOf(estimateGraph(checkGraph(each, catalogue)));
    const flopsOf = (id: string) => stages.find(({ node }) => node === id)?.flops ?? NaN;
    return { filter: flopsOf('filter'), after: flopsOf('after') };
  });
  // Half of 49 places are expected in, and a fifth of these to stay.
  expect(some?.after).toBeCloseTo(((all?.after ?? NaN) * 5) / 25, -3);
  expect(some?.filter).toBe(all?.filter);
});
