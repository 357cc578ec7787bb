/** FastV inside small decoders: what it keeps, and that decode goes on from exactly that. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TokenReductionPart } from '#engine/node/part.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { planGraph } from '#engine/plan/plan.ts';
import type { LanguageModelStep } from '#engine/node/host-step.ts';
import type { VisualRun } from '#engine/node/segments.ts';
import type { LanguageModel } from '#host/language/language-model.ts';
import { floatsOf, NodeBench, wholesOf } from '#verify/node-bench.testing.ts';
import {
  openSmallDecoder,
  smallDecoders,
  smallModels,
  writeSmallDecoder,
} from '#verify/small-decoder.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { catalogue } from '../index.ts';
import type { DecoderArchitecture } from '../language/architecture/decoder-architecture.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { largestError } from '../slow-formulas.testing.ts';
import { fastv } from './fastv.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

function partOf(
  layer: number,
  ratio: number,
  pruned: TokenReductionPart['pruned'] = 'dropped',
): TokenReductionPart {
  const { body } = fastv;
  if (body.kind !== 'part') throw new Error('FastV is a part.');
  return body.part({
    node: 'part',
    params: { layer, ratio, pruned },
    withWeights: (_g, emit) => emit(),
    newGraph: () => {
      throw new Error('FastV has no graph of its own.');
    },
  }) as TokenReductionPart;
}

/** A prompt of 4 words, 13 visual tokens and 5 words, and an answer of 40. */
const run = { start: 4, count: 13 };
const promptLength = 22;
const answer = Array.from({ length: 40 }, (_, place) => (place * 37 + 5) % 97);

async function bed(architecture: DecoderArchitecture) {
  const folder = await writeSmallDecoder(bench, architecture);
  const open = async (
    parts: TokenReductionPart | readonly TokenReductionPart[] = [],
    taps = false,
  ) => {
    const boundaries = [parts].flat();
    const wanted = taps ? ['kept', 'scores'] : [];
    const models = smallModels(architecture, folder, { boundaries }, wanted);
    return (await openSmallDecoder(bench, models, boundaries)).model;
  };
  const prompt = normalNumbers(promptLength * architecture.hiddenSize, 9);
  return { open, prompt, width: architecture.vocabularySize };
}

/** Logits of the prompt's last place, then of each token of the answer but the last. */
async function stepwise(model: LanguageModel, prompt: Float32Array, visual: readonly VisualRun[]) {
  const logits = [Float32Array.from(await model.prefill(prompt, visual, 0))];
  for (const id of answer.slice(0, -1)) {
    logits.push(Float32Array.from(await model.extend([id], 'last', 0)));
  }
  return logits;
}

test.for([
  'llama, grouped queries',
  'phi, parallel',
  'heads of 7, which is odd',
  'minicpm3, latents',
  'qwen2-vl, positions of three parts',
] as const)('decode after pruning goes on from what was kept (%s)', async (name) => {
  const { open, prompt, width } = await bed(smallDecoders[name]);
  for (const [layer, ratio] of [
    [1, 0.5],
    [2, 0.75],
    [2, 1],
  ] as const) {
    // prettier-ignore
    const part = partOf(layer, ratio);
    const tapped = await open(part, true);
    const [outputs = {}] = await tapped.begin(prompt, [run], 'all', 0);

    // What stays: all words, and the visual tokens of the highest scores, in reading order.
    const scores = Array.from(floatsOf(outputs['tap.scores']));
    const best = Array.from(scores.keys())
      .toSorted((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0))
      .slice(0, part.keptTokens(run.count))
      .toSorted((a, b) => a - b);
    const words = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, place) => from + place);
    const kept = best.map((place) => run.start + place);
    expect(wholesOf(outputs['tap.kept'])).toEqual([
      ...words(0, run.start),
      ...kept,
      ...words(run.start + run.count, promptLength),
    ]);

    // The same model, told which tokens to keep, reads prompt and answer at once, with no cache at all.
    const told = { ...part, select: (g) => g.list(...best) } satisfies TokenReductionPart;
    const slow = await open(told);
    const rows = await slow.embed(answer);
    const sequence = new Float32Array([...prompt, ...rows]);
    const all = floatsOf((await slow.begin(sequence, [run], 'all', 0))[0]?.['logits']);
    const expected = all.subarray(all.length - (answer.length + 1) * width, all.length - width);

    const logits = await stepwise(await open(part), prompt, [run]);
    const computed = logits.flatMap((row) => Array.from(row));
    expect(largestError(computed, expected)).toBeLessThan(1e-4);
  }
});

const grouped = smallDecoders['llama, grouped queries'];

test.for([
  ['llama, grouped queries', grouped],
  ['phi, parallel', smallDecoders['phi, parallel']],
  ['heads of 7, which is odd', smallDecoders['heads of 7, which is odd']],
  ['a prompt that sees all of itself', { ...grouped, promptAttention: 'prefix' }],
] as const)(
  'what is masked is as good as dropped, and is held all the same (%s)',
  async ([, architecture]) => {
    const { open, prompt } = await bed(architecture);
    // Another pruning behind it ranks what is not masked, and drops none of what is.
    for (const others of [[], [partOf(2, 0.5)], [partOf(2, 1)]]) {
      const dropping = await open([partOf(1, 0.5), ...others]);
      const masking = await open([partOf(1, 0.5, 'masked'), ...others]);
      const dropped = await stepwise(dropping, prompt, [run]);
      const masked = await stepwise(masking, prompt, [run]);
      const errors = masked.map((row, step) => largestError(row, dropped[step] ?? []));
      expect(Math.max(...errors)).toBeLessThan(1e-4);
      // 7 of 13 go.
      expect(
        masking.state.length.map(
          (length, segment) => length - (dropping.state.length[segment] ?? 0),
        ),
      ).toEqual([0, ...Array.from({ length: others.length + 1 }, () => 7)]);

      // From a mark on, so many tokens at once as the fused operator takes.
      const mark = masking.mark();
      const more = answer.slice(0, 20);
      const expected = Float32Array.from(await dropping.extend(more, 'all', 0));
      await masking.extend([1, 2, 3], 'last', 0);
      await masking.keep(mark, []);
      expect(largestError(await masking.extend(more, 'all', 0), expected)).toBeLessThan(1e-4);
    }
  },
);

test('dropping nothing, or having no picture, changes nothing', async () => {
  const { open, prompt } = await bed(smallDecoders['llama, grouped queries']);
  const plain = await stepwise(await open(), prompt, []);
  const cases = [
    await stepwise(await open(partOf(2, 0)), prompt, [run]),
    await stepwise(await open(partOf(2, 0.5)), prompt, []),
    await stepwise(await open(partOf(1, 1)), prompt, []),
    await stepwise(await open(partOf(2, 0, 'masked')), prompt, [run]),
    await stepwise(await open(partOf(1, 1, 'masked')), prompt, []),
  ];
  for (const logits of cases) {
    const errors = logits.map((row, step) => largestError(row, plain[step] ?? []));
    expect(Math.max(...errors)).toBeLessThan(1e-5);
  }
  // And dropping half does change something.
  const half = await stepwise(await open(partOf(2, 0.5)), prompt, [run]);
  expect(largestError(half[0] ?? [], plain[0] ?? [])).toBeGreaterThan(1e-3);
});

test("how many stay is rounded as Python's round does, halves to even", () => {
  const kept = (count: number, ratio: number) => partOf(2, ratio).keptTokens(count);
  expect([9, 13, 7, 11, 576, 0].map((count) => kept(count, 0.5))).toEqual([4, 6, 4, 6, 288, 0]);
  expect([0, 0.25, 0.75, 0.9, 1].map((ratio) => kept(10, ratio))).toEqual([10, 8, 2, 1, 0]);
});

test('a layer that the model does not have prunes nothing', async () => {
  const architecture = smallDecoders['llama, grouped queries'];
  const folder = await writeSmallDecoder(bench, architecture);
  const stepFor = (layer: number): LanguageModelStep => {
    const weights = { kind: 'checkpoint', folder } as const;
    const decoder = { model: 'custom', ...architecture, weights };
    const nodes = {
      prompt: { type: 'input/prompt', version: 1, params: {} },
      fastv: { type: 'acceleration/fastv', version: 1, params: { layer } },
      model: { type: 'language/decoder', version: 1, params: decoder },
    };
    const edges = [
      { from: { node: 'prompt', port: 'text' }, to: { node: 'model', port: 'prompt' } },
      { from: { node: 'fastv', port: 'part' }, to: { node: 'model', port: 'acceleration' } },
    ];
    const facts = { format: 'patchbay', version: 1, title: '', about: '' } as const;
    const checked = checkGraph({ ...facts, nodes, edges, layout: {}, notes: [] }, catalogue);
    const body = valueOf(planGraph(checked)).stages.at(-1)?.body;
    if (body?.kind !== 'host' || body.step.kind !== 'generate') throw new Error('No model.');
    return body.step;
  };
  const prompt = normalNumbers(promptLength * architecture.hiddenSize, 9);
  const logitsOf = async (layer: number) => {
    const step = stepFor(layer);
    const { model } = await openSmallDecoder(bench, step.graphs, step.boundaries);
    return (await stepwise(model, prompt, [run]))[0] ?? [];
  };
  const plain = await openSmallDecoder(bench, smallModels(architecture, folder));
  const expected = (await stepwise(plain.model, prompt, []))[0] ?? [];
  expect(largestError(await logitsOf(3), expected)).toBeLessThan(1e-5);
  expect(largestError(await logitsOf(40), expected)).toBeLessThan(1e-5);
  expect(largestError(await logitsOf(2), expected)).toBeGreaterThan(1e-3);
});
