/** A prompt that begins as one that was read before goes on from there, and gives what it gives when it is read whole. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { VisualRun } from '#engine/node/segments.ts';
import { largestError } from '#nodes/slow-formulas.testing.ts';
import { NodeBench } from '#verify/node-bench.testing.ts';
import {
  openSmallDecoder,
  smallDecoders,
  smallModels,
  writeSmallDecoder,
} from '#verify/small-decoder.testing.ts';
import { alikeTokens, tokenKinds } from './held-prompt.ts';
import type { LanguageModel } from './language-model.ts';
import { largest } from './sampling.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

type Name = keyof typeof smallDecoders;

/** Two models of the same graphs, as two runs have them. */
async function twice(name: Name, changed: object = {}) {
  const architecture = { ...smallDecoders[name], contextLength: 640, ...changed };
  const folder = await writeSmallDecoder(bench, architecture);
  const graphs = smallModels(architecture, folder);
  const [first, second] = [
    await openSmallDecoder(bench, graphs),
    await openSmallDecoder(bench, graphs),
  ];
  return { first: first.model, second: second.model };
}

const shared = Array.from({ length: 300 }, (_, place) => (place * 37 + place ** 2) % 97);
const question = [5, 9, 2, 61, 33];
const other = [5, 9, 44, 8, 15, 70, 3];

/** Tokens of the runs are visual ones. */
async function prompt(
  model: LanguageModel,
  ids: readonly number[],
  visual: readonly VisualRun[] = [],
) {
  return { embeddings: await model.embed(ids), visual };
}

/** The most probable tokens behind a prompt, and the logits that they were chosen by. */
async function answer(model: LanguageModel, first: Float32Array) {
  const chosen: number[] = [];
  const rows: number[] = [];
  let logits = first;
  for (let count = 0; count < 12; count++) {
    rows.push(...logits);
    chosen.push(largest(logits));
    logits = await model.extend(chosen.slice(-1), 'last', 0);
  }
  return { chosen, rows };
}

async function askBoth(
  name: Name,
  before: readonly number[],
  next: readonly number[],
  runs: readonly VisualRun[] = [],
) {
  const { first, second } = await twice(name);
  const read = await prompt(first, before, runs);
  await answer(first, await first.prefill(read.embeddings, runs, 12));
  const asked = await prompt(second, next, runs);
  const whole = await answer(second, await second.prefill(asked.embeddings, runs, 12));

  const from = second.goOnFrom(first.held(read), asked);
  const gone = await answer(second, await second.prefill(asked.embeddings, runs, 12, from));
  expect(gone.chosen).toEqual(whole.chosen);
  expect(largestError(gone.rows, whole.rows)).toBeLessThan(1e-4);
  return from;
}

test.for([
  'llama, grouped queries',
  'phi, parallel',
  'heads of 10, yarn',
  'deepseek-v2, latents, neighbours turned',
  'bloom, linear biases',
  'mistral, a window of 5',
  'gemma 3, windows of 6 in two layers of three',
] as const)('%s: another question behind what is shared is answered alike', async (name) => {
  expect(await askBoth(name, [...shared, ...question], [...shared, ...other])).toBe(302);
  // The same once more: its last token is read for the logits.
  const same = [...shared, ...question];
  expect(await askBoth(name, same, same)).toBe(same.length - 1);
});

test('pictures before the question keep their places in rows and columns', async () => {
  const pictures = [
    { start: 4, count: 24, rows: 4 },
    { start: 40, count: 60, rows: 6 },
  ];
  const name = 'qwen2-vl, positions of three parts';
  const asked = [shared.slice(0, 120), other].flat();
  expect(await askBoth(name, [...shared.slice(0, 120), ...question], asked, pictures)).toBe(122);
});

test('nothing is left of another beginning, nor of what a window has let go', async () => {
  const name = 'llama, grouped queries';
  expect(await askBoth(name, [...shared, ...question], [3, ...shared, ...other])).toBe(0);
  const sliding = 'mistral, a window of 5';
  expect(await askBoth(sliding, [...shared, ...question], shared.slice(0, 40))).toBe(0);
});

test('where what follows changes what a token is, or is remembered whole, nothing is gone on from', async () => {
  const next = [...shared.slice(0, 50), ...other];
  const before = [...shared.slice(0, 50), ...question];
  const refused: readonly (readonly [Name, object])[] = [
    ['llama, grouped queries', { promptAttention: 'prefix' }],
    ['phi3, longrope', {}],
  ];
  for (const [name, changed] of refused) {
    const { first, second } = await twice(name, changed);
    const read = await prompt(first, before);
    await first.prefill(read.embeddings, [], 1);
    expect(second.goOnFrom(first.held(read), await prompt(second, next))).toBe(0);
  }
});

describe('how far two prompts are alike', () => {
  const size = 3;
  const sequence = (tokens: readonly number[], starts: readonly [number, number][] = []) => ({
    embeddings: Float32Array.from(tokens.flatMap((token) => [token, -token, 0.5])),
    visual: starts.map(([start, count]) => ({ start, count })),
  });

  test('is told to the last bit, and leaves one token to read', () => {
    const before = sequence([1, 2, 3, 4]);
    expect(alikeTokens(before, sequence([1, 2, 7, 4]), size)).toBe(2);
    expect(alikeTokens(before, sequence([1, 2]), size)).toBe(1);
    expect(alikeTokens(before, sequence([1, 2, 3, 4, 5]), size)).toBe(4);
    const nudged = sequence([1, 2, 3, 4]);
    nudged.embeddings[5] = 0.5 + 2 ** -24;
    expect(alikeTokens(before, nudged, size)).toBe(1);
    expect(alikeTokens(before, sequence([9]), size)).toBe(0);
  });

  test('ends where a visual run begins that is another one', () => {
    const tokens = [1, 2, 3, 4, 5, 6];
    const before = sequence(tokens, [
      [1, 2],
      [4, 1],
    ]);
    expect(
      alikeTokens(
        before,
        sequence(tokens, [
          [1, 2],
          [4, 1],
        ]),
        size,
      ),
    ).toBe(5);
    expect(
      alikeTokens(
        before,
        sequence(tokens, [
          [1, 2],
          [4, 2],
        ]),
        size,
      ),
    ).toBe(4);
    expect(alikeTokens(before, sequence(tokens, [[2, 2]]), size)).toBe(1);
    expect(alikeTokens(before, sequence(tokens), size)).toBe(1);
  });

  test('counts visual tokens and words apart', () => {
    const runs = [
      { start: 2, count: 4 },
      { start: 8, count: 4 },
    ];
    expect(tokenKinds(10, runs)).toEqual({ visual: 6, words: 4 });
    expect(tokenKinds(1, runs)).toEqual({ visual: 0, words: 1 });
    expect(tokenKinds(0, runs)).toEqual({ visual: 0, words: 0 });
  });
});
