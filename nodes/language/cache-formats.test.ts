/** A cache of fewer bytes is one and the same model, however its tokens come and whatever acts between its layers. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BoundaryPart } from '#engine/node/part.ts';
import { stateBytes } from '#engine/node/decoder-protocol.ts';
import { peakActivationBytes } from '#engine/estimate/model-cost.ts';
import { slice, unsqueeze } from '#engine/onnx/shape-operators.ts';
import type { VisualRun } from '#engine/node/segments.ts';
import type { LanguageModel } from '#host/language/language-model.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import {
  openSmallDecoder,
  smallDecoders,
  smallModels,
  writeSmallDecoder,
} from '#verify/small-decoder.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { largestError } from '../slow-formulas.testing.ts';
import type { DecoderArchitecture } from './architecture/decoder-architecture.ts';
import { cacheProblem } from './cache-params.ts';
import { decoderState } from './cached-state.ts';
import { publishedDecoders } from './published-decoders.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const ids = Array.from({ length: 400 }, (_, place) => (place * 37 + place ** 2) % 97);
const promptLength = 300;

async function bed(architecture: DecoderArchitecture) {
  const folder = await writeSmallDecoder(bench, architecture);
  const open = async (
    cacheFormat: 'float32' | 'float16' | 'int8',
    boundaries: readonly BoundaryPart[] = [],
  ) => {
    const models = smallModels(architecture, folder, { boundaries, cacheFormat });
    const { model } = await openSmallDecoder(bench, models, boundaries);
    return { model, state: models.decoder.state };
  };
  return { open, width: architecture.vocabularySize };
}

/** A prompt that is read in pieces, then tokens one by one or several together: the logits of each place. */
async function inPieces(model: LanguageModel): Promise<number[]> {
  const prompt = await model.embed(ids.slice(0, promptLength));
  const begun = await model.begin(prompt, [], 'all', 0);
  expect(begun).toHaveLength(2);
  const rows = begun.flatMap(({ logits }) => Array.from(floatsOf(logits)));
  let at = promptLength;
  // One by one, some together, and so many that the fused operator attends.
  for (const end of [301, 302, 306, 340, 341, ids.length]) {
    rows.push(...(await model.extend(ids.slice(at, end), 'all', 0)));
    at = end;
  }
  return rows;
}

/**
 * The most by which one number is rounded, as a share of it (half precision) or of the largest of its head (codes).
 * What adds up of it on the way to the logits is some of it as a share of the largest of them.
 */
const formats = [
  ['float16', 2 ** -11],
  ['int8', 1 / 254],
] as const;

describe.for(formats)('%s', ([cacheFormat, rounding]) => {
  test.for([
    'llama, grouped queries',
    'heads of 7, which is odd',
    'deepseek-v2, latents, neighbours turned',
    'mistral, a window of 5',
    'gemma 3, windows of 6 in two layers of three',
  ] as const)('%s: pieces and steps give what all at once gives', async (name) => {
    const { open } = await bed({ ...smallDecoders[name], contextLength: 640 });
    const plain = await open('float32');
    const exact = await inPieces(plain.model);
    const whole = await (await open(cacheFormat)).model.extend(ids, 'all', 0);
    const rounded = largestError(whole, exact);
    const largest = exact.reduce((most, logit) => Math.max(most, Math.abs(logit)), 0);
    expect(rounded / largest).toBeGreaterThan(rounding / 16);
    expect(rounded / largest).toBeLessThan(4 * rounding);

    const packed = await open(cacheFormat);
    const rows = await inPieces(packed.model);
    expect(rows).toHaveLength(exact.length);
    // Sums in another order, by which now and then a number is rounded the other way.
    expect(largestError(rows, whole)).toBeLessThan(rounded / 10);

    // Room for as many tokens, each in as many bytes as the estimate counts.
    const roomOf = ({ model, state }: typeof plain) =>
      model.state.keyValueBytes / stateBytes(state, [1]).keyValueBytes;
    expect(roomOf(packed)).toBe(roomOf(plain));
  });

  test('guesses that left early are taken back, and answers begin again behind the prompt', async () => {
    const { open, width } = await bed(smallDecoders['mistral, a window of 5']);
    const exit = { kind: 'early-exit', layer: 1, draftLength: 3 } as BoundaryPart;
    const { model } = await open(cacheFormat, [exit]);
    const prompt = await model.embed(ids.slice(0, 20));
    const expected = await (await open(cacheFormat)).model.extend(ids.slice(0, 60), 'all', 0);
    const row = (place: number) => expected.subarray(place * width, (place + 1) * width);

    const first = await model.prefill(prompt, [], 40);
    expect(largestError(first, row(19))).toBeLessThan(rounding);
    const behindPrompt = model.mark();
    for (let answer = 0; answer < 2; answer++) {
      for (let at = 20; at < 60; at += 4) {
        const mark = model.mark();
        for (const id of [1, 2, 3]) await model.extend([id], 'last', 0, { leaves: true });
        await model.keep(mark, []);
        const verified = await model.extend(ids.slice(at, at + 4), 'all', 0);
        const wanted = expected.subarray(at * width, (at + 4) * width);
        expect(largestError(verified, wanted)).toBeLessThan(rounding);
      }
      await model.keep(behindPrompt, []);
    }
  });

  test('a prompt that sees all of itself goes on token by token as several at once do', async () => {
    const grouped = smallDecoders['llama, grouped queries'];
    const { open } = await bed({ ...grouped, promptAttention: 'prefix' });
    const { model } = await open(cacheFormat);
    const prompt = await model.embed(ids.slice(0, 40));
    await model.prefill(prompt, [], 0);
    const together = await model.extend(ids.slice(40, 70), 'all', 0);
    await model.prefill(prompt, [], 0);
    const rows: number[] = [];
    for (const id of ids.slice(40, 70)) rows.push(...(await model.extend([id], 'last', 0)));
    expect(largestError(rows, together)).toBeLessThan(rounding);
  });

  test.for(['dropped', 'masked'] as const)('visual tokens are %s as ever', async (pruned) => {
    const architecture = smallDecoders['llama, grouped queries'];
    const { open, width } = await bed(architecture);
    const chosen = [1, 4, 5, 8];
    const part = {
      kind: 'token-reduction',
      node: 'pruning',
      layer: 1,
      pruned,
      positions: 'kept',
      ranksBy: 'nothing',
      keptTokens: (count) => Math.min(count, chosen.length),
      select: (g, _, { count, size }) =>
        slice(g, g.list(...chosen), 0, g.list(0), unsqueeze(g, count, 0), size),
    } satisfies BoundaryPart;
    const visual: readonly VisualRun[] = [{ start: 3, count: 10 }];
    const prompt = normalNumbers(20 * architecture.hiddenSize, 9);
    const answer = ids.slice(0, 30);
    const { model: atOnce } = await open(cacheFormat, [part]);
    const sequence = Float32Array.from([...prompt, ...(await atOnce.embed(answer))]);
    const [outputs] = await atOnce.begin(sequence, visual, 'all', 0);
    const expected = floatsOf(outputs?.['logits']).slice(-(answer.length + 1) * width);

    const { model, state } = await open(cacheFormat, [part]);
    const rows = [...(await model.prefill(prompt, visual, 0))];
    for (const id of answer) rows.push(...(await model.extend([id], 'last', 0)));
    expect(largestError(rows, expected)).toBeLessThan(rounding);
    // What is masked is told exactly, in whatever format the keys are.
    const told = state.filter(({ name }) => name.startsWith('masked'));
    expect(told.map((tensor) => tensor.kind === 'key-value' && tensor.type)).toEqual(
      pruned === 'masked' ? [undefined] : [],
    );
  });
});

test('a token is held in half or about a quarter of the bytes, and one layer at a time is unpacked', () => {
  const tinyLlama = publishedDecoders['tinyllama-1.1b'];
  const bytesOf = (format: 'float32' | 'float16' | 'int8') =>
    stateBytes(decoderState(tinyLlama, [], format), [1000]).keyValueBytes;
  const numbers = 1000 * 22 * 2 * 4 * 64;
  expect(bytesOf('float32')).toBe(4 * numbers);
  expect(bytesOf('float16')).toBe(2 * numbers);
  expect(bytesOf('int8')).toBe(numbers + (4 * numbers) / 64);

  const small = smallDecoders['llama, grouped queries'];
  const activationsOf = (cacheFormat: 'float32' | 'float16' | 'int8') => {
    const { decoder } = smallModels(small, '', { cacheFormat });
    return peakActivationBytes(
      decoder.model,
      decoder.dims([{ fresh: 16, visual: 0, cached: 1000 }]),
    );
  };
  const keysAndValues = 1000 * 2 * 2 * 8 * 4;
  for (const format of ['float16', 'int8'] as const) {
    const added = activationsOf(format) - activationsOf('float32');
    expect(added / keysAndValues).toBeGreaterThan(0.9);
    // Of codes also what they are before their scale, of keys or of values.
    expect(added / keysAndValues).toBeLessThan(format === 'int8' ? 1.6 : 1.1);
  }
});

test('what tells places by a channel of a key is kept in float32, and says so', () => {
  const problem = cacheProblem('int8', { positions: 'alibi' });
  expect(problem).toMatchObject({ code: 'arrangement-unsupported', param: 'cacheFormat' });
  expect(cacheProblem('float32', { positions: 'alibi' })).toBeNull();
  expect(cacheProblem('int8', { positions: 'rotary' })).toBeNull();
});
