/** Every generation of RWKV goes on from its state as if it had read everything at once, and the state never grows. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '#engine/contract/document.ts';
import { estimateGraph } from '#engine/estimate/estimate.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { decoderInput, type LanguageGraphs } from '#engine/node/decoder-protocol.ts';
import { seededRandom } from '#engine/seeded-random.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import { NodeBench } from '#verify/node-bench.testing.ts';
import { openSmallRwkv, smallRwkv, smallRwkvGraphs } from '#verify/small-rwkv.testing.ts';
import { expectReturnToMark, expectSameInSteps } from '#verify/step-by-step.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { catalogue } from '../index.ts';
import { largestError } from '../slow-formulas.testing.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const random = seededRandom(7);
/** More than are read at once, so that a prompt of them is cut into pieces. */
const ids = Array.from({ length: 300 }, () => Math.floor(random() * 97));
const generations = ['4', '5', '6'] as const;

describe.each(generations)('an RWKV-%s', (generation) => {
  const architecture = smallRwkv(generation);
  const { vocabularySize } = architecture;

  it('reads a prompt in pieces, token by token and several at once with the same logits', async () => {
    const model = await openSmallRwkv(bench, architecture, 3);
    await expectSameInSteps({ model, ids, vocabularySize });
  });

  it('remembers more than the token before: another first token changes the logits of the tenth', async () => {
    const model = await openSmallRwkv(bench, { ...architecture, layerCount: 1 }, 3);
    const tenth = async (first: number) =>
      model.prefill(await model.embed([first, ...ids.slice(1, 10)]), [], 0);
    expect(largestError(await tenth(1), await tenth(2))).toBeGreaterThan(1e-4);
  });

  it('goes back to a mark, and on from there with what is kept, as if nothing else had been read', async () => {
    const model = await openSmallRwkv(bench, architecture, 3);
    await expectReturnToMark({ model, ids });
  });

  it('carries the same bytes after 500 tokens and after 2000', async () => {
    const model = await openSmallRwkv(bench, architecture, 3);
    const long = Array.from({ length: 2000 }, (_none, place) => ids[place % ids.length]!);
    const bytes: number[] = [];
    await model.prefill(await model.embed(long.slice(0, 500)), [], 1500);
    bytes.push(model.state.recurrentBytes, model.state.keyValueBytes);
    const logits = await model.extend(long.slice(500), 'last', 0);
    bytes.push(model.state.recurrentBytes, model.state.keyValueBytes);
    const { layerCount, hiddenSize, attentionSize, headSize } = architecture;
    const remembered = generation === '4' ? 3 * attentionSize : headSize * attentionSize;
    const carried = 4 * layerCount * (2 * hiddenSize + remembered);
    expect(bytes).toEqual([carried, 0, carried, 0]);
    expect(Array.from(logits).every(Number.isFinite)).toBe(true);
  });

  it('stays finite over 2000 tokens with keys and rates that no published model has', async () => {
    const model = await openSmallRwkv(bench, architecture, 3, (name, data) => {
      // Keys in the hundreds; some channels forget at once, others never.
      if (name.endsWith('.att.key.weight')) for (const at of data.keys()) data[at]! *= 100;
      if (name.endsWith('.time_decay')) for (const at of data.keys()) data[at] = at % 2 ? -20 : 6;
    });
    const long = Array.from({ length: 2000 }, (_none, place) => ids[place % ids.length]!);
    const logits = await model.prefill(await model.embed(long), [], 0);
    expect(Array.from(logits).every(Number.isFinite)).toBe(true);
    const next = await model.extend([5], 'last', 0);
    expect(Array.from(next).every(Number.isFinite)).toBe(true);
  });

  it('is given what it reads of the protocol, and no positions', () => {
    const { decoder } = smallRwkvGraphs(architecture, '/nowhere', null);
    expect(decoder.model.inputs.map(({ name }) => name)).toEqual([
      decoderInput.embeddings,
      decoderInput.logitRows,
      ...decoder.state.map(({ name }) => `past.${name}`),
    ]);
  });
});

it('what multiplies tokens is in blocks; how fast memories fade, and shares and norms, stay exact', () => {
  const { decoder } = smallRwkvGraphs(smallRwkv('6'), '/nowhere', { bits: 4, blockSize: 32 });
  const formOf = (form: 'blocks' | 'float32') =>
    decoder.model.weights
      .filter((entry) => entry.form.kind === form)
      .flatMap(({ initializers: [first] }) => first?.name ?? [])
      .filter((name) => name.includes('blocks.1') || name.includes('head'));
  expect(formOf('blocks').map((name) => name.replace(/\.weight\.codes$/, ''))).toEqual([
    'blocks.1.att.receptance',
    'blocks.1.att.key',
    'blocks.1.att.value',
    'blocks.1.att.gate',
    'blocks.1.att.output',
    'blocks.1.ffn.receptance',
    'blocks.1.ffn.key',
    'blocks.1.ffn.value',
    'head',
  ]);
  expect(formOf('float32')).toEqual(
    expect.arrayContaining([
      'blocks.1.att.time_maa_w1',
      'blocks.1.att.time_decay',
      'blocks.1.att.time_decay_w1',
      'blocks.1.att.time_decay_w2',
    ]),
  );
});

it('a checkpoint of another generation, or one that lacks a tensor, is refused in one sentence', async () => {
  const folder = await bench.newFolder();
  const four = smallRwkvGraphs(smallRwkv('4'), folder, null);
  const six = smallRwkvGraphs(smallRwkv('6'), folder, null);
  const deeper = smallRwkvGraphs({ ...smallRwkv('4'), layerCount: 4 }, folder, null);
  await writeKnownWeights(folder, [four.embed, four.decoder.model], 3);
  const refusals = async ({ decoder }: LanguageGraphs) => {
    const opened = await bench.workbench.session(decoder.model);
    return opened.ok ? [] : opened.problems.map(({ message }) => message);
  };
  expect(await refusals(four)).toEqual([]);
  expect(await refusals(six)).toEqual([
    expect.stringMatching(/^54 of the 89 tensors .* missing .*; choose the model or .*\.$/),
  ]);
  expect(await refusals(deeper)).toEqual([
    expect.stringMatching(/^18 of the 77 tensors .*"blocks\.3\.\S+".*; choose .*$/),
  ]);
});

it.each(generations)(
  'a graph with an RWKV-%s is estimated with a state that does not depend on the prompt',
  (generation) => {
    const model = `rwkv${generation}-world-3b`;
    const stateFor = (text: string, maxNewTokens: number) => {
      const document = sketchDocument(
        {
          prompt: ['input/prompt', { text }],
          rwkv: ['language/rwkv', { model, maxNewTokens }],
          answer: ['output/answer'],
        },
        ['prompt.text > rwkv.prompt', 'rwkv.answer > answer.answer'],
      );
      const { stages } = valueOf(estimateGraph(checkGraph(document, catalogue)));
      const { recurrentBytes, keyValueBytes } = stages.find(({ node }) => node === 'rwkv')!;
      return { recurrentBytes, keyValueBytes };
    };
    const short = stateFor('Hello', 1);
    const numbers = (generation === '4' ? 5 : 66) * 2560 * 32;
    expect(short).toEqual({ recurrentBytes: 4 * numbers, keyValueBytes: 0 });
    expect(stateFor('Hello '.repeat(1500), 500)).toEqual(short);
  },
);

const problemsWith = (params: Readonly<Record<string, Json>>) =>
  checkGraph(
    sketchDocument(
      { prompt: ['input/prompt'], rwkv: ['language/rwkv', params], answer: ['output/answer'] },
      ['prompt.text > rwkv.prompt', 'rwkv.answer > answer.answer'],
    ),
    catalogue,
  ).problems;

it('channels that do not divide into heads are refused where there are heads', () => {
  const odd = { model: 'custom', attentionSize: 100, headSize: 64 };
  expect(problemsWith({ ...odd, generation: '4' })).toEqual([]);
  expect(problemsWith({ ...odd, generation: '5' })).toMatchObject([
    {
      code: 'dimension-mismatch',
      message:
        '100 channels of the time mix do not divide into heads of 64; choose an attention size that is a multiple of the head size.',
      param: 'attentionSize',
    },
  ]);
});
