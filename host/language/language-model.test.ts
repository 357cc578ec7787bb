/** A long prompt read in pieces is the prompt read at once. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stateBytes } from '#engine/node/decoder-protocol.ts';
import { normalNumbers } from '#nodes/normal-numbers.testing.ts';
import { largestError } from '#nodes/slow-formulas.testing.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import {
  openSmallDecoder,
  smallDecoders,
  smallModels,
  writeSmallDecoder,
} from '#verify/small-decoder.testing.ts';
import type { TensorMap } from '../sessions/sessions.ts';
import type { LanguageModel } from './language-model.ts';
import { largest } from './sampling.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const promptLength = 600;
const ids = Array.from({ length: promptLength }, (_, place) => (place * 37 + place ** 2) % 97);

/** The most probable tokens, and the logits that they were chosen by. */
async function continuation(model: LanguageModel, first: Float32Array) {
  const chosen: number[] = [];
  const rows: number[] = [];
  let logits = first;
  for (let count = 0; count < 20; count++) {
    rows.push(...logits);
    chosen.push(largest(logits));
    logits = await model.extend(chosen.slice(-1), 'last', 0);
  }
  return { chosen, rows };
}

test.for([
  'llama, grouped queries',
  'phi, parallel',
  'heads of 10, yarn',
  'deepseek-v2, latents, neighbours turned',
  'mistral, a window of 5',
  'gemma 3, windows of 6 in two layers of three',
] as const)(
  '%s: pieces of a prompt give the logits of every place, and go on as the whole does',
  async (name) => {
    const architecture = { ...smallDecoders[name], contextLength: 640 };
    const folder = await writeSmallDecoder(bench, architecture);
    const models = smallModels(architecture, folder);
    const { model } = await openSmallDecoder(bench, models);
    const width = architecture.vocabularySize;

    const whole = await model.extend(ids, 'all', 0);
    expect(whole).toHaveLength(promptLength * width);
    const expected = await continuation(model, whole.slice(-width));
    expect(new Set(expected.chosen).size).toBeGreaterThan(2);

    const embeddings = await model.embed(ids);
    const pieces = await model.begin(embeddings, [], 'all', 0);
    expect(pieces).toHaveLength(3);
    expect(model.state.length).toEqual([promptLength]);
    const rows = pieces.flatMap(({ logits }) => Array.from(floatsOf(logits)));
    expect(largestError(rows, whole)).toBeLessThan(1e-4);
    const inPieces = await continuation(model, Float32Array.from(rows.slice(-width)));
    expect(inPieces.chosen).toEqual(expected.chosen);
    expect(largestError(inPieces.rows, expected.rows)).toBeLessThan(1e-4);

    const last = await model.prefill(embeddings, [], 0);
    expect(largestError(last, whole.slice(-width))).toBeLessThan(1e-4);
  },
);

test('a prompt whose tokens see all of it, and an answer whose tokens see what is before them', async () => {
  const grouped = smallDecoders['llama, grouped queries'];
  const architecture = { ...grouped, promptAttention: 'prefix', contextLength: 640 } as const;
  const folder = await writeSmallDecoder(bench, architecture);
  const { model } = await openSmallDecoder(bench, smallModels(architecture, folder));
  const width = architecture.vocabularySize;
  const [prompt, answer] = [ids.slice(0, 300), ids.slice(300, 320)];
  const begin = async (words: readonly number[]): Promise<Float32Array> => {
    const pieces = await model.begin(await model.embed(words), [], 'all', 0);
    expect(pieces).toHaveLength(1);
    return floatsOf(pieces[0]?.logits);
  };

  const other = [...prompt.slice(0, -1), ((prompt.at(-1) as number) + 1) % width];
  const changed = (await begin(other)).slice(0, width);
  const first = (await begin(prompt)).slice(0, width);
  expect(largestError(changed, first)).toBeGreaterThan(1e-4);

  const atOnce = await model.extend(answer, 'all', 0);
  await begin(prompt);
  const rows: number[] = [];
  for (const id of answer) rows.push(...(await model.extend([id], 'last', 0)));
  expect(largestError(rows, atOnce)).toBeLessThan(1e-4);
});

test('a window is all that its layers hold, and what they write is what they would write if they held everything', async () => {
  const [window, context, width] = [100, 640, 97];
  const grouped = smallDecoders['llama, grouped queries'];
  const sliding = { ...grouped, contextLength: context, attentionWindow: window } as const;
  const folder = await writeSmallDecoder(bench, sliding);
  const whole = (await openSmallDecoder(bench, smallModels(sliding, folder))).model;
  const expected = await whole.extend(ids.slice(0, 500), 'all', 0);

  const models = smallModels(sliding, folder);
  const { model } = await openSmallDecoder(bench, models);
  const rows = [...(await model.prefill(await model.embed(ids.slice(0, window)), [], context))];
  const bytes: number[] = [];
  for (const id of ids.slice(window, 5 * window)) {
    rows.push(...(await model.extend([id], 'last', context)));
    bytes.push(model.state.keyValueBytes);
  }
  const first = (window - 1) * width;
  expect(largestError(rows, expected.subarray(first))).toBeLessThan(1e-4);
  expect(model.state.length).toEqual([500]);
  // Keys and values of three layers with two heads of 8, as far as the window reaches, what may be taken back, and
  // what gathers before the oldest go.
  const most = 3 * 2 * 2 * 8 * 4 * (window - 1 + 64 + 64 + 16);
  expect(Math.max(...bytes)).toBeLessThan(most);
  const { keyValueBytes } = stateBytes(models.decoder.state, model.state.length);
  expect(keyValueBytes).toBe(3 * 2 * 2 * 8 * 4 * (window - 1 + 64));
  expect(keyValueBytes).toBeLessThan(bytes.at(-1) as number);
});

test('several answers to one prompt each begin behind it, however far a window slid in the one before', async () => {
  const sliding = { ...smallDecoders['mistral, a window of 5'], contextLength: 640 };
  const folder = await writeSmallDecoder(bench, sliding);
  const { model } = await openSmallDecoder(bench, smallModels(sliding, folder));
  const first = Float32Array.from(
    await model.prefill(await model.embed(ids.slice(0, 300)), [], 640),
  );
  const expected = await continuation(model, first);
  await model.prefill(await model.embed(ids.slice(0, 300)), [], 640);
  const endOfPrompt = model.mark();
  for (const start of [0, 100]) {
    for (const id of ids.slice(start, start + 200)) await model.extend([id], 'last', 0);
    await model.keep(endOfPrompt, []);
    expect(model.state.length).toEqual([300]);
    const again = await continuation(model, first);
    expect(again).toEqual(expected);
    await model.keep(endOfPrompt, []);
  }
});

test('the tokens of a picture see each other, and those of words what is before them', async () => {
  const sliding = smallDecoders['gemma 3, windows of 6 in two layers of three'];
  const architecture = { ...sliding, promptAttention: 'pictures', contextLength: 640 } as const;
  const folder = await writeSmallDecoder(bench, architecture);
  const { model } = await openSmallDecoder(bench, smallModels(architecture, folder));
  const width = architecture.vocabularySize;
  const embeddings = await model.embed(ids.slice(0, 330));
  const visual = [
    { start: 20, count: 9 },
    { start: 29, count: 4 },
  ];
  /** The logits of every place, where that of one is another word's. */
  const read = async (changed: number | null, runs = visual): Promise<readonly number[]> => {
    const words = embeddings.slice();
    const [at, other] = [(changed ?? 0) * 32, await model.embed([50])];
    if (changed !== null) words.set(other, at);
    const pieces = await model.begin(words, runs, 'all', 0);
    expect(pieces).toHaveLength(runs.length === 0 ? 2 : 5);
    return pieces.flatMap(({ logits }) => Array.from(floatsOf(logits)));
  };
  const plain = await read(null);
  /** The first place that a change at another is seen from. */
  const seenFrom = async (changed: number, runs = visual): Promise<number> => {
    const before = runs === visual ? plain : await read(null, runs);
    const after = await read(changed, runs);
    return Math.floor(
      after.findIndex((number, index) => Math.abs(number - before[index]!) > 1e-5) / width,
    );
  };
  expect(await seenFrom(28)).toBe(20);
  expect(await seenFrom(31)).toBe(29);
  expect(await seenFrom(19)).toBe(19);
  expect(await seenFrom(40)).toBe(40);
  expect(await seenFrom(28, [])).toBe(28);

  // An answer goes on from it as if its tokens had been in the prompt.
  await model.begin(embeddings.subarray(0, 300 * 32), visual, 'last', 0);
  const rows: number[] = [];
  for (const id of ids.slice(300, 330)) rows.push(...(await model.extend([id], 'last', 0)));
  expect(largestError(rows, plain.slice(300 * width))).toBeLessThan(1e-4);
});

test('visual tokens anywhere in a long prompt are read as any others', async () => {
  const architecture = { ...smallDecoders['llama, grouped queries'], contextLength: 640 };
  const folder = await writeSmallDecoder(bench, architecture);
  const { model } = await openSmallDecoder(bench, smallModels(architecture, folder));
  const prompt = normalNumbers(promptLength * architecture.hiddenSize, 4);
  const plain = Float32Array.from(await model.prefill(prompt, [], 0));
  const visual = [{ start: 150, count: 400 }];
  expect(await model.prefill(prompt, visual, 0)).toEqual(plain);
});

test('a picture across two pieces keeps its rows and columns, and words alone need none', async () => {
  const architecture = {
    ...smallDecoders['qwen2-vl, positions of three parts'],
    contextLength: 640,
  };
  const folder = await writeSmallDecoder(bench, architecture);
  const { model } = await openSmallDecoder(bench, smallModels(architecture, folder));
  const embeddings = await model.embed(ids);
  const rowsOf = (pieces: readonly TensorMap[]): number[] =>
    pieces.flatMap(({ logits }) => Array.from(floatsOf(logits)));

  const start = model.mark();
  const clip = { start: 150, count: 120, rows: 5, steps: 3 };
  const pieces = await model.begin(embeddings, [clip], 'all', 0);
  expect(pieces).toHaveLength(3);
  const inPieces = rowsOf(pieces);
  const goesOn = await model.extend([5], 'last', 0);
  // The same tokens at the same places once more, all at once.
  await model.keep(start, []);
  const whole = await model.extend([...ids, 5], 'all', 0);
  const width = architecture.vocabularySize;
  expect(largestError(inPieces, whole.slice(0, -width))).toBeLessThan(1e-4);
  expect(largestError(goesOn, whole.slice(-width))).toBeLessThan(1e-4);

  const words = rowsOf(await model.begin(embeddings, [], 'all', 0));
  expect(largestError(words, inPieces)).toBeGreaterThan(0.1);
  const plain = { ...architecture, positions: 'rotary' } as const;
  const { model: counted } = await openSmallDecoder(bench, smallModels(plain, folder));
  const once = rowsOf(await counted.begin(embeddings, [], 'all', 0));
  expect(largestError(words, once)).toBeLessThan(1e-5);
});
