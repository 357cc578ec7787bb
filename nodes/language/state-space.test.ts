/** A state-space model goes on from its state as if it had read everything at once, and the state never grows. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '#engine/contract/document.ts';
import { estimateGraph } from '#engine/estimate/estimate.ts';
import { countParameters } from '#engine/estimate/model-cost.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { decoderInput } from '#engine/node/decoder-protocol.ts';
import { seededRandom } from '#engine/seeded-random.ts';
import { NodeBench } from '#verify/node-bench.testing.ts';
import {
  graphsOf,
  mamba2Model,
  mambaModel,
  openStateSpaceModel,
  smallMamba,
  smallMamba2,
  type StateSpaceModel,
} from '#verify/small-state-space.testing.ts';
import { expectReturnToMark, expectSameInSteps } from '#verify/step-by-step.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { catalogue } from '../index.ts';
import { publishedMambas } from './mamba-architecture.ts';
import { publishedMamba2s } from './mamba2-architecture.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const unusual = {
  projectionBias: true,
  convolutionBias: false,
  kernelSize: 2,
  norm: 'layer',
  tiedEmbeddings: false,
} as const;

const models: Readonly<Record<string, StateSpaceModel>> = {
  'Mamba as published': smallMamba(),
  'Mamba with biases, another kernel and a head of its own': smallMamba(unusual),
  'Mamba with inner norms': smallMamba({ innerNorm: 'rms-no-weight' }),
  'Mamba-2 as published': smallMamba2(),
  'Mamba-2 with groups, biases and another kernel': smallMamba2({
    ...unusual,
    groupCount: 4,
    normGroupCount: 2,
  }),
};

const { vocabularySize } = smallMamba().architecture;
const random = seededRandom(7);
/** More than are read at once, so that a prompt of them is cut into pieces. */
const ids = Array.from({ length: 300 }, () => Math.floor(random() * vocabularySize));

describe.each(Object.entries(models))('a %s', (_, { architecture, mixer }) => {
  it('reads a prompt in pieces, token by token and several at once with the same logits', async () => {
    const model = await openStateSpaceModel(bench, { architecture, mixer }, 3);
    await expectSameInSteps({ model, ids, vocabularySize });
  });

  it('goes back to a mark, and on from there with what is kept, as if nothing else had been read', async () => {
    const model = await openStateSpaceModel(bench, { architecture, mixer }, 3);
    await expectReturnToMark({ model, ids });
  });

  it('carries the same bytes after 500 tokens and after 2000', async () => {
    const model = await openStateSpaceModel(bench, { architecture, mixer }, 3);
    const long = Array.from({ length: 2000 }, (_none, place) => ids[place % ids.length]!);
    const bytes: number[] = [];
    await model.prefill(await model.embed(long.slice(0, 500)), [], 1500);
    bytes.push(model.state.recurrentBytes, model.state.keyValueBytes);
    await model.extend(long.slice(500), 'last', 0);
    bytes.push(model.state.recurrentBytes, model.state.keyValueBytes);
    const count = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);
    const { convolution, memory } = mixer.state;
    const carried = 4 * architecture.layerCount * (count(convolution) + count(memory));
    expect(bytes).toEqual([carried, 0, carried, 0]);
  });
});

describe('in blocks of integers is what multiplies tokens; what says how fast states fade stays exact', () => {
  const formsOf = (model: StateSpaceModel) => {
    const { decoder } = graphsOf(model, '/nowhere', { bits: 4, blockSize: 32 });
    const formOf = (form: 'blocks' | 'float32') =>
      decoder.model.weights
        .filter((entry) => entry.form.kind === form)
        .flatMap(({ initializers: [first] }) => first?.name ?? [])
        .filter((name) => name.includes('layers.1.mixer') || name.includes('embedding'))
        .map((name) => name.replace('backbone.layers.1.mixer.', ''));
    return { blocks: formOf('blocks'), float32: formOf('float32') };
  };

  it('of a Mamba', () => {
    expect(formsOf(smallMamba())).toEqual({
      blocks: [
        'in_proj.weight.codes',
        'x_proj.weight.codes',
        'out_proj.weight.codes',
        'backbone.embedding.weight.codes',
      ],
      float32: ['conv1d.weight', 'conv1d.bias', 'dt_proj.weight', 'dt_proj.bias', 'A_log', 'D'],
    });
  });

  it('of a Mamba whose time steps fill blocks, in 8 bits where the others are in 4', () => {
    const model = smallMamba({ stepRank: 32 });
    const { decoder } = graphsOf(model, '/nowhere', { bits: 4, blockSize: 128 });
    const bitsOf = (name: string) =>
      decoder.model.weights.flatMap(({ form, initializers: [first] }) =>
        form.kind === 'blocks' && first?.name === `backbone.layers.1.mixer.${name}.weight.codes`
          ? form.bits
          : [],
      );
    expect({ steps: bitsOf('dt_proj'), others: bitsOf('in_proj') }).toEqual({
      steps: [8],
      others: [4],
    });
  });

  it('of a Mamba-2, whose time steps are the last rows of a matrix', () => {
    expect(formsOf(smallMamba2())).toEqual({
      blocks: [
        'in_proj.weight[0].codes',
        'out_proj.weight.codes',
        'backbone.embedding.weight.codes',
      ],
      // The gate and the convolution's inputs are 140 rows, 64 and 64 + 2 · 6.
      float32: [
        'in_proj.weight[140]',
        'conv1d.weight',
        'conv1d.bias',
        'dt_bias',
        'A_log',
        'D',
        'norm.weight',
      ],
    });
  });
});

it('is given what it reads of the protocol, and no positions', () => {
  const { decoder } = graphsOf(smallMamba(), '/nowhere', null);
  const past = decoder.state.map(({ name }) => `past.${name}`);
  expect(decoder.model.inputs.map(({ name }) => name)).toEqual([
    decoderInput.embeddings,
    decoderInput.logitRows,
    ...past,
  ]);
});

/** Numbers in the authors' checkpoints, the tied table once. */
const storedParameters = {
  'mamba-130m': 129_135_360,
  'mamba-370m': 371_516_416,
  'mamba-790m': 793_204_224,
  'mamba-1.4b': 1_372_178_432,
  'mamba-2.8b': 2_768_345_600,
} as const;

/** Multiplied out from the shapes of their tensors, not counted in a checkpoint. */
const derivedParameters = {
  'falcon-mamba-7b': 7_272_665_088,
  'falcon3-mamba-7b': 7_272_665_088,
  'mamba2-130m': 128_989_632,
  'mamba2-370m': 368_346_624,
  'mamba2-780m': 780_161_280,
  'mamba2-1.3b': 1_343_757_312,
  'mamba2-2.7b': 2_702_599_680,
} as const;

const parametersOf = { ...storedParameters, ...derivedParameters } as const satisfies Record<
  keyof typeof publishedMambas | keyof typeof publishedMamba2s,
  number
>;

it.each(Object.entries(parametersOf))('%s has %d parameters', (name, parameters) => {
  const model =
    name in publishedMambas
      ? mambaModel(publishedMambas[name as keyof typeof publishedMambas].architecture)
      : mamba2Model(publishedMamba2s[name as keyof typeof publishedMamba2s].architecture);
  const { embed, decoder } = graphsOf(model, '/nowhere', null);
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
