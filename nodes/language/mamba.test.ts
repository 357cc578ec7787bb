/** A Mamba goes on from its state as if it had read everything at once, and the state never grows. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '#engine/contract/document.ts';
import { estimateGraph } from '#engine/estimate/estimate.ts';
import { countParameters } from '#engine/estimate/model-cost.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { decoderInput } from '#engine/node/decoder-protocol.ts';
import { seededRandom } from '#engine/seeded-random.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { openSmallMamba, smallMamba, smallMambaGraphs } from '#verify/small-mamba.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { catalogue } from '../index.ts';
import { largestError } from '../slow-formulas.testing.ts';
import { publishedMambas, type MambaArchitecture } from './mamba-architecture.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const others: Readonly<Record<string, MambaArchitecture>> = {
  'as published': smallMamba,
  'with biases, another kernel and a head of its own': {
    ...smallMamba,
    projectionBias: true,
    convolutionBias: false,
    kernelSize: 2,
    norm: 'layer',
    tiedEmbeddings: false,
  },
};

const random = seededRandom(7);
/** More than are read at once, so that a prompt of them is cut into pieces. */
const ids = Array.from({ length: 300 }, () => Math.floor(random() * smallMamba.vocabularySize));
/** Float32 sums of some hundred products, taken in another order. */
const tolerance = 1e-4;

describe.each(Object.entries(others))('a Mamba %s', (_, architecture) => {
  const width = architecture.vocabularySize;

  it('reads a prompt in pieces, token by token and several at once with the same logits', async () => {
    const model = await openSmallMamba(bench, architecture, 3);
    const pieces = await model.begin(await model.embed(ids), [], 'all', 0);
    expect(pieces).toHaveLength(2);
    const all = pieces.flatMap((piece) => Array.from(floatsOf(piece['logits'])));
    const rows = (from: number, to: number) => all.slice(from * width, to * width);
    // The model tells tokens apart, so that agreement says something.
    expect(largestError(rows(40, 41), rows(41, 42))).toBeGreaterThan(0.1);

    let logits = await model.prefill(await model.embed(ids.slice(0, 1)), [], 0);
    let worst = largestError(logits, rows(0, 1));
    for (let place = 1; place < ids.length; place++) {
      logits = await model.extend([ids[place]!], 'last', 0);
      worst = Math.max(worst, largestError(logits, rows(place, place + 1)));
    }
    expect(worst).toBeLessThan(tolerance);

    await model.prefill(await model.embed(ids.slice(0, 5)), [], 0);
    for (const [from, to] of [
      [5, 7],
      [7, 8],
      [8, 40],
    ] as const) {
      const several = await model.extend(ids.slice(from, to), 'all', 0);
      expect(largestError(several, rows(from, to))).toBeLessThan(tolerance);
    }
  });

  it('goes back to a mark, and on from there with what is kept, as if nothing else had been read', async () => {
    const model = await openSmallMamba(bench, architecture, 3);
    const expected = await model.prefill(await model.embed(ids.slice(0, 13)), [], 0);
    await model.prefill(await model.embed(ids.slice(0, 10)), [], 0);
    const mark = model.mark();
    await model.extend([ids[10]!, ids[11]!, 1, 2, 3], 'all', 0);
    await model.keep(mark, [ids[10]!, ids[11]!]);
    expect(model.state.length).toEqual([12]);
    const logits = await model.extend([ids[12]!], 'last', 0);
    expect(largestError(logits, expected)).toBeLessThan(tolerance);
  });

  it('carries the same bytes after 500 tokens and after 2000', async () => {
    const model = await openSmallMamba(bench, architecture, 3);
    const long = Array.from({ length: 2000 }, (_none, place) => ids[place % ids.length]!);
    const bytes: number[] = [];
    await model.prefill(await model.embed(long.slice(0, 500)), [], 1500);
    bytes.push(model.state.recurrentBytes, model.state.keyValueBytes);
    await model.extend(long.slice(500), 'last', 0);
    bytes.push(model.state.recurrentBytes, model.state.keyValueBytes);
    const { layerCount, innerSize, stateSize, kernelSize } = architecture;
    const carried = 4 * layerCount * innerSize * (stateSize + kernelSize - 1);
    expect(bytes).toEqual([carried, 0, carried, 0]);
  });
});

it('what multiplies tokens is in blocks; how fast states fade, and the convolution, stay exact', () => {
  const { decoder } = smallMambaGraphs(smallMamba, '/nowhere', { bits: 4, blockSize: 32 });
  const formOf = (form: 'blocks' | 'float32') =>
    decoder.model.weights
      .filter((entry) => entry.form.kind === form)
      .flatMap(({ initializers: [first] }) => first?.name ?? [])
      .filter((name) => name.includes('layers.1.mixer') || name.includes('embedding'));
  expect(formOf('blocks')).toEqual([
    'backbone.layers.1.mixer.in_proj.weight.codes',
    'backbone.layers.1.mixer.x_proj.weight.codes',
    'backbone.layers.1.mixer.out_proj.weight.codes',
    'backbone.embedding.weight.codes',
  ]);
  expect(formOf('float32')).toEqual([
    'backbone.layers.1.mixer.conv1d.weight',
    'backbone.layers.1.mixer.conv1d.bias',
    'backbone.layers.1.mixer.dt_proj.weight',
    'backbone.layers.1.mixer.dt_proj.bias',
    'backbone.layers.1.mixer.A_log',
    'backbone.layers.1.mixer.D',
  ]);
});

it('is given what it reads of the protocol, and no positions', () => {
  const { decoder } = smallMambaGraphs(smallMamba, '/nowhere', null);
  const past = decoder.state.map(({ name }) => `past.${name}`);
  expect(decoder.model.inputs.map(({ name }) => name)).toEqual([
    decoderInput.embeddings,
    decoderInput.logitRows,
    ...past,
  ]);
});

/** Numbers in the authors' checkpoints, the tied table once. */
const publishedParameters = {
  'mamba-130m': 129_135_360,
  'mamba-370m': 371_516_416,
  'mamba-790m': 793_204_224,
  'mamba-1.4b': 1_372_178_432,
  'mamba-2.8b': 2_768_345_600,
} as const satisfies Record<keyof typeof publishedMambas, number>;

it.each(Object.entries(publishedParameters))('%s has %d parameters', (model, parameters) => {
  const { architecture } = publishedMambas[model as keyof typeof publishedParameters];
  const { embed, decoder } = smallMambaGraphs(architecture, '/nowhere', null);
  expect(countParameters([embed, decoder.model])).toBe(parameters);
});

it('a graph with one estimates a state that does not depend on the prompt', () => {
  const stateFor = (text: string, maxNewTokens: number) => {
    const document = sketchDocument(
      {
        prompt: ['input/prompt', { text }],
        mamba: ['language/mamba', { model: 'mamba-130m', maxNewTokens }],
        answer: ['output/answer'],
      },
      ['prompt.text > mamba.prompt', 'mamba.answer > answer.answer'],
    );
    const { stages } = valueOf(estimateGraph(checkGraph(document, catalogue)));
    const { recurrentBytes, keyValueBytes } = stages.find(({ node }) => node === 'mamba')!;
    return { recurrentBytes, keyValueBytes };
  };
  const short = stateFor('Hello', 1);
  expect(short).toEqual({ recurrentBytes: 4 * 24 * 1536 * (16 + 3), keyValueBytes: 0 });
  expect(stateFor('Hello '.repeat(1500), 500)).toEqual(short);
});

it('a projector that says nothing of its width is given the width that Mamba reads; another is refused', () => {
  const problemsWith = (projector: Readonly<Record<string, Json>>) =>
    checkGraph(
      sketchDocument(
        {
          image: ['input/image'],
          preprocess: ['vision/preprocess'],
          encoder: ['encoder/clip-vit'],
          projector: ['projector/mlp', projector],
          prompt: ['input/prompt'],
          mamba: ['language/mamba', { model: 'mamba-370m' }],
          answer: ['output/answer'],
        },
        [
          'image.image > preprocess.image',
          'preprocess.pixels > encoder.pixels',
          'encoder.tokens > projector.tokens',
          'projector.tokens > mamba.visual',
          'prompt.text > mamba.prompt',
          'mamba.answer > answer.answer',
        ],
      ),
      catalogue,
    ).problems;
  expect(problemsWith({})).toEqual([]);
  expect(problemsWith({ outputWidth: 768 })).toMatchObject([
    { code: 'dimension-mismatch', node: 'projector' },
  ]);
});
