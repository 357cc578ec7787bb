/** VTW inside small decoders, alone and behind FastV: decode goes on from exactly the tokens that each layer kept. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AnyNodeDefinition } from '#engine/node/any-node-definition.ts';
import type { TokenReductionPart } from '#engine/node/part.ts';
import type { VisualRun } from '#engine/node/segments.ts';
import type { LanguageModel } from '#host/language/language-model.ts';
import { floatsOf, NodeBench, wholesOf } from '#verify/node-bench.testing.ts';
import {
  openSmallDecoder,
  smallDecoders,
  smallModels,
  writeSmallDecoder,
} from '#verify/small-decoder.testing.ts';
import type { DecoderArchitecture } from '../language/architecture/decoder-architecture.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { largestError } from '../slow-formulas.testing.ts';
import { fastv } from './fastv.ts';
import { vtw } from './vtw.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

function partOf({ body }: AnyNodeDefinition, params: Record<string, string | number>) {
  if (body.kind !== 'part') throw new Error('These are parts.');
  return body.part({
    node: 'part',
    params,
    withWeights: (_g, emit) => emit(),
    newGraph: () => {
      throw new Error('Neither has a graph of its own.');
    },
  }) as TokenReductionPart;
}

/** A prompt of 4 words, 13 visual tokens and 5 words, and an answer of 40. */
const run = { start: 4, count: 13 };
const promptLength = 22;
const words = promptLength - run.count;
const answer = Array.from({ length: 40 }, (_, place) => (place * 37 + 5) % 97);

async function bed(architecture: DecoderArchitecture) {
  const folder = await writeSmallDecoder(bench, architecture);
  const open = async (boundaries: readonly TokenReductionPart[], taps: readonly string[] = []) => {
    const models = smallModels(architecture, folder, { boundaries }, taps);
    return (await openSmallDecoder(bench, models, boundaries)).model;
  };
  const prompt = normalNumbers(promptLength * architecture.hiddenSize, 9);
  return { open, prompt, width: architecture.vocabularySize };
}

/** Logits of the prompt's last place, then of each token of the answer but the last. */
async function stepwise(model: LanguageModel, prompt: Float32Array, visual: readonly VisualRun[]) {
  const logits = [Float32Array.from(await model.prefill(prompt, visual, 0))];
  for (const id of answer.slice(0, -1))
    logits.push(Float32Array.from(await model.extend([id], 'last', 0)));
  return logits.flatMap((row) => Array.from(row));
}

const layouts = [
  ['llama, grouped queries', 'keep'],
  ['phi, parallel', 'keep'],
  ['llama, grouped queries', 'reset'],
  ['heads of 7, which is odd', 'reset'],
] as const;

test.for(layouts)(
  'FastV, then VTW: the answer is that of a model told what stays (%s, %s)',
  async ([name, positions]) => {
    const { open, prompt, width } = await bed(smallDecoders[name]);
    const first = partOf(fastv, { layer: 1, ratio: 0.5, pruned: 'dropped' });
    const second = partOf(vtw, { layer: 2, positions });
    const tapped = await open([first], ['scores']);
    const [outputs = {}] = await tapped.begin(prompt, [run], 'all', 0);
    const scores = Array.from(floatsOf(outputs['tap.scores']));
    const best = Array.from(scores.keys())
      .toSorted((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0))
      .slice(0, first.keptTokens(run.count));

    // Told which tokens stay, without a cache: prompt and answer are read at once.
    const told = { ...first, select: (g) => g.list(...best) } satisfies TokenReductionPart;
    const slow = await open([told, second], ['kept']);
    const sequence = new Float32Array([...prompt, ...(await slow.embed(answer))]);
    const [whole = {}] = await slow.begin(sequence, [run], 'all', 0);
    const all = floatsOf(whole['logits']);
    const expected = all.subarray(all.length - (answer.length + 1) * width, all.length - width);
    // The last to drop tokens leaves the words, which by then have moved together.
    const kept = wholesOf(whole['tap.kept']);
    expect(kept).toHaveLength(words + answer.length);
    expect(kept.slice(0, 6)).toEqual([0, 1, 2, 3, 4 + best.length, 5 + best.length]);

    const model = await open([first, second]);
    const computed = await stepwise(model, prompt, [run]);
    expect(largestError(computed, expected)).toBeLessThan(1e-4);
    const steps = answer.length - 1;
    expect(model.state.length).toEqual([
      promptLength + steps,
      words + best.length + steps,
      words + steps,
    ]);
  },
);

test('what is numbered anew differs from what keeps its place; keeping it is FastV that drops all', async () => {
  const { open, prompt } = await bed(smallDecoders['llama, grouped queries']);
  const logitsWith = async (part: TokenReductionPart) =>
    stepwise(await open([part]), prompt, [run]);
  const kept = await logitsWith(partOf(vtw, { layer: 2, positions: 'keep' }));
  const reset = await logitsWith(partOf(vtw, { layer: 2, positions: 'reset' }));
  const dropped = await logitsWith(partOf(fastv, { layer: 2, ratio: 1, pruned: 'dropped' }));
  expect(largestError(kept, dropped)).toBeLessThan(1e-6);
  expect(largestError(kept, reset)).toBeGreaterThan(1e-3);
});
