/** Experts on ONNX Runtime against the formula of the Mixtral paper, token by token. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FeedForwardPart } from '#engine/node/part.ts';
import type { Activation } from '#engine/onnx/blocks/feed-forward.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { BlockFormat } from '#engine/onnx/weight.ts';
import type { WeightsChoice } from '#engine/contract/sources.ts';
import type { DecoderArchitecture } from '#nodes/language/architecture/decoder-architecture.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import {
  openSmallDecoder,
  smallDecoders,
  smallModels,
  writeSmallDecoder,
} from '#verify/small-decoder.testing.ts';
import { dequantiseBlocks } from '#host/weights/dequantise-blocks.testing.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import { quantiseBlocks } from '#host/weights/quantise-blocks.ts';
import type { KnownTensor } from '#host/weights/write-safetensors.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import {
  largestError,
  linear,
  relu,
  silu,
  softmax,
  toRows,
  type Row,
  type Rows,
} from '../slow-formulas.testing.ts';
import { expertKeyLayouts } from './expert-names.ts';
import { feedForward } from './feed-forward.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const hiddenSize = 64;
const feedForwardSize = 96;
const experts = 4;
const tokens = 11;

interface Setting {
  readonly gated: boolean;
  readonly topK: number;
  readonly renormalise: boolean;
  readonly blocks?: BlockFormat;
  readonly roundsTokens?: boolean;
}

type Values = Parameters<Extract<typeof feedForward.body, { kind: 'part' }>['part']>[0]['params'];

const defaults = Object.fromEntries(
  Object.entries(feedForward.params).map(([name, param]) => [name, param.default]),
) as unknown as Values;

function partOf(
  values: Partial<Values>,
  source: WeightsChoice,
  blocks: BlockFormat | null,
  roundsTokens = false,
) {
  const { body } = feedForward;
  if (body.kind !== 'part') throw new Error('Experts are a part.');
  const origin = { node: 'experts', source, layouts: expertKeyLayouts(values.experts ?? experts) };
  const params: Values = {
    ...defaults,
    experts,
    topK: 2,
    layers: 'all',
    renormalise: true,
    start: 'own',
    weights: source,
    precision: 'float32',
    blockSize: '32',
    ...values,
  };
  return body.part({
    node: 'experts',
    params,
    withWeights: (g, emit) => g.weightsFrom({ origin, blocks, roundsTokens }, emit),
    newGraph: () => {
      throw new Error('Experts have no graph of their own.');
    },
  }) as FeedForwardPart;
}

/** The block alone. x [1, T, D] → `mixed` [1, T, D] */
function blockModel({ gated, topK, renormalise, blocks, roundsTokens }: Setting, folder: string) {
  const source = { kind: 'checkpoint', folder } as const;
  const part = partOf({ topK, renormalise }, source, blocks ?? null, roundsTokens);
  const activation: Activation = gated ? 'silu' : 'relu';
  const shape = { hiddenSize, feedForwardSize, activation, bias: !gated, gated };
  const dense = () => {
    throw new Error('These experts have weights of their own.');
  };
  const g = new GraphBuilder();
  const x = g.input('x', 'float32', [1, 'sequence', hiddenSize]);
  g.output('mixed', part.emit(g, x, { ...shape, name: 'model.layers.0.mlp', dense }));
  return g.finish();
}

/** The last expert is never the best of four: its logit falls with the first channel, which is 1. */
const idleExpert = (name: string, data: Float32Array) => {
  if (name.endsWith('mlp.gate.weight')) data[(experts - 1) * hiddenSize] = -50;
};

const input = normalNumbers(tokens * hiddenSize, 5);
for (let token = 0; token < tokens; token++) input[token * hiddenSize] = 1;

async function compute(setting: Setting, seed = 1) {
  const folder = await bench.newFolder();
  const model = blockModel(setting, folder);
  const known = await writeKnownWeights(folder, [model], seed, idleExpert);
  const { mixed } = await bench.run(model, { x: float32(input, [1, tokens, hiddenSize]) });
  return { known, mixed: floatsOf(mixed) };
}

/** y = Σ over the chosen experts of weight · down(act(gate x) · up x), or down(act(up x)). */
function slowly({ gated, topK, renormalise }: Setting, known: ReadonlyMap<string, KnownTensor>) {
  const base = 'model.layers.0.mlp';
  const matrix = (name: string): Rows => {
    const { shape, data } = known.get(`${base}.${name}.weight`) as KnownTensor;
    return toRows(data, shape[1] ?? 0);
  };
  const bias = (name: string) => known.get(`${base}.${name}.bias`)?.data;
  const run = (expert: number, row: Row): Row => {
    const apply = (part: string, x: Row): Row =>
      linear([x], matrix(`experts.${expert}.${part}`), bias(`experts.${expert}.${part}`))[0] as Row;
    const up = apply('up', row);
    if (!gated) return apply('down', up.map(relu));
    const gate = apply('gate', row);
    return apply(
      'down',
      up.map((number, index) => number * silu(gate[index] ?? NaN)),
    );
  };
  const rows = toRows(input, hiddenSize);
  const used = new Set<number>();
  const mixed = linear(rows, matrix('gate')).map((logits, token) => {
    const weights = softmax(logits);
    const best = Array.from(weights.keys())
      .toSorted((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0))
      .slice(0, topK);
    const sum = renormalise ? best.reduce((total, id) => total + (weights[id] ?? NaN), 0) : 1;
    let mix: Row = Array.from({ length: hiddenSize }, () => 0);
    for (const expert of best) {
      used.add(expert);
      const output = run(expert, rows[token] as Row);
      mix = mix.map(
        (number, index) => number + ((weights[expert] ?? NaN) / sum) * (output[index] ?? NaN),
      );
    }
    return mix;
  });
  return { mixed: mixed.flat(), used };
}

describe('in float32', () => {
  test.for([
    { gated: true, topK: 2, renormalise: true, used: 3 },
    { gated: true, topK: 1, renormalise: false, used: 3 },
    { gated: false, topK: 1, renormalise: true, used: 3 },
    { gated: false, topK: 2, renormalise: false, used: 3 },
    { gated: true, topK: experts, renormalise: false, used: experts },
    { gated: false, topK: experts, renormalise: true, used: experts },
  ])(
    'gated: $gated, top $topK, renormalised: $renormalise; $used experts get tokens',
    async ({ used, ...setting }) => {
      const { known, mixed } = await compute(setting);
      const expected = slowly(setting, known);
      expect(expected.used.size).toBe(used);
      expect(largestError(mixed, expected.mixed)).toBeLessThan(2e-6);
    },
  );
});

/** Root mean square of the difference, as a part of that of the numbers themselves. */
function relativeError(computed: ArrayLike<number>, expected: readonly number[]): number {
  let [error, size] = [0, 0];
  for (const [index, number] of expected.entries()) {
    error += ((computed[index] ?? NaN) - number) ** 2;
    size += number ** 2;
  }
  return Math.sqrt(error / size);
}

/**
 * Of 32 normal numbers the largest lies near 2.4 deviations, so that a step is 2.4 / 2^(bits-1) of one and
 * rounding to it leaves 1 / √12 of a step: 8.6 % of a weight in int4, 0.5 % in int8. Three such matrices
 * and the 8-bit activations (0.5 % each time, more behind a gate) add up as squares: 15 % and about 1.5 %.
 */
test.for([
  { bits: 8, most: 0.02 },
  { bits: 4, most: 0.18 },
] as const)('in int$bits, close to float32', async ({ bits, most }) => {
  const blocks = { bits, blockSize: 32 };
  const setting = { gated: true, topK: 2, renormalise: true, blocks };
  const { known, mixed } = await compute(setting);
  expect(relativeError(mixed, slowly(setting, known).mixed)).toBeLessThan(most);

  // With the weights that the codes stand for, only the rounding of activations is left.
  const rounded = new Map(
    [...known].map(([name, tensor]) => [
      name,
      name.includes('.experts.') ? roundedTensor(tensor, blocks) : tensor,
    ]),
  );
  expect(relativeError(mixed, slowly(setting, rounded).mixed)).toBeLessThan(0.02);
});

test('in w8a8, close to float32, with an expert that no token is sent to', async () => {
  const blocks = { bits: 8, blockSize: 32 } as const;
  const setting = { gated: true, topK: 1, renormalise: true, blocks, roundsTokens: true };
  const { known, mixed } = await compute(setting);
  const expected = slowly(setting, known);
  expect(expected.used.size).toBeLessThan(experts);
  expect(relativeError(mixed, expected.mixed)).toBeLessThan(0.02);
});

function roundedTensor({ shape, data }: KnownTensor, blocks: BlockFormat): KnownTensor {
  const columns = shape[1] ?? 0;
  return { shape, data: dequantiseBlocks(quantiseBlocks(data, columns, blocks), columns, blocks) };
}

describe('inside a language model', () => {
  const prompt = [3, 14, 15, 92, 65, 35, 89, 79];

  /** Logits of every place of a prompt. */
  async function logitsOf(
    architecture: DecoderArchitecture,
    folder: string,
    feedForwardPart?: FeedForwardPart,
  ) {
    const models = smallModels(architecture, folder, {
      feedForwards: feedForwardPart ? [feedForwardPart] : [],
    });
    const { model } = await openSmallDecoder(bench, models);
    const [outputs] = await model.begin(await model.embed(prompt), [], 'all', 0);
    return floatsOf(outputs?.['logits']);
  }

  test.for(['llama, grouped queries', 'phi, parallel'] as const)(
    'copies of the dense layer give the answer of the dense model (%s)',
    async (name) => {
      const architecture = smallDecoders[name];
      const folder = await writeSmallDecoder(bench, architecture);
      const copies = (values: Partial<Values>) =>
        logitsOf(
          architecture,
          folder,
          partOf({ start: 'copies', ...values }, { kind: 'random', seed: 3 }, null),
        );
      const dense = await logitsOf(architecture, folder);
      expect(largestError(await copies({ topK: 1 }), dense)).toBeLessThan(1e-5);
      expect(largestError(await copies({ topK: 3, layers: 'second-half' }), dense)).toBeLessThan(
        1e-5,
      );
      const all = { topK: experts, renormalise: false };
      expect(largestError(await copies(all), dense)).toBeLessThan(1e-5);
      // Without renormalising, a part of the probability is missing.
      const part = { topK: 1, renormalise: false };
      expect(largestError(await copies(part), dense)).toBeGreaterThan(1e-2);
    },
  );

  test('each choice of layers puts routers into just those', () => {
    const source = { kind: 'random', seed: 0 } as const;
    const architecture = { ...smallDecoders['llama, grouped queries'], layerCount: 5 };
    const layersOf = (layers: Values['layers'], numbers: Partial<Values> = {}) => {
      const part = partOf({ layers, ...numbers }, source, null);
      const { decoder } = smallModels(architecture, '', { feedForwards: [part] });
      const names = decoder.model.weights.flatMap(({ initializers }) =>
        initializers.map(({ name }) => name),
      );
      return names.flatMap(
        (name) => /^model\.layers\.(\d)\.mlp\.gate\.weight$/.exec(name)?.[1] ?? [],
      );
    };
    expect({
      all: layersOf('all').join(''),
      everySecond: layersOf('every-second').join(''),
      firstHalf: layersOf('first-half').join(''),
      secondHalf: layersOf('second-half').join(''),
      fromOn: layersOf('from-on', { firstLayer: 1 }).join(''),
      everyThird: layersOf('from-on', { firstLayer: 1, layerStep: 3 }).join(''),
      listed: layersOf('listed', { layerList: '3, 0' }).join(''),
    }).toEqual({
      all: '01234',
      everySecond: '024',
      firstHalf: '012',
      secondHalf: '34',
      fromOn: '1234',
      everyThird: '14',
      listed: '03',
    });
  });
});
