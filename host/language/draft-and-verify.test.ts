/** Guessing ahead changes how an answer is written, and never the answer. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BoundaryPart, DraftPart, TokenReductionPart } from '#engine/node/part.ts';
import { topK } from '#engine/onnx/operators.ts';
import type { Value } from '#engine/onnx/value.ts';
import type { DecoderArchitecture } from '#nodes/language/architecture/decoder-architecture.ts';
import { answer, justWords, picture, withPicture, words } from '#verify/answers.testing.ts';
import { wordIds } from '../text/prompt.ts';
import { NodeBench } from '#verify/node-bench.testing.ts';
import {
  openSmallDecoder,
  smallDecoders,
  smallModels,
  writeSmallDecoder,
} from '#verify/small-decoder.testing.ts';
import { decodePlainly } from './decode-plainly.ts';
import { draftAndVerify } from './draft-and-verify.ts';
import { draftModel, earlyExit } from './drafters.ts';
import type { LanguageModel } from './language-model.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

async function open(
  architecture: DecoderArchitecture,
  { seed = 1, boundaries = [] }: { seed?: number; boundaries?: readonly BoundaryPart[] } = {},
): Promise<LanguageModel> {
  const folder = await writeSmallDecoder(bench, architecture, seed);
  const graphs = smallModels(architecture, folder, { boundaries });
  return (await openSmallDecoder(bench, graphs, boundaries)).model;
}

const exitBefore = (layer: number) => ({ kind: 'early-exit', layer, draftLength: 4 }) as const;

/** Keeps 7 of the picture's 13 tokens from the layer on. */
const pruningBefore = (layer: number): TokenReductionPart => ({
  kind: 'token-reduction',
  node: 'pruning',
  layer,
  pruned: 'dropped',
  keptTokens: (count) => Math.ceil(count / 2),
  positions: 'kept',
  ranksBy: 'attention',
  select: (g, scores, { count, size }) => topK(g, scores as Value, count, size).indices,
});

const byDraft = (draft: LanguageModel, draftLength: number, reads: DraftPart['reads'] = 'words') =>
  draftAndVerify(draftModel(draft, { reads }), draftLength);

const byEarlyExit = (draftLength: number) => draftAndVerify(earlyExit(), draftLength);

/** One layer, other weights: it guesses wrong nearly always. */
const stranger = () =>
  open({ ...smallDecoders['llama, grouped queries'], layerCount: 1 }, { seed: 8 });

describe.for(['greedy', 'sample'] as const)('%s', (choosing) => {
  test.for([
    ['llama, grouped queries', [1, 2, 3, 4, 5, 6, 20]],
    ['phi, parallel', [2, 5]],
    ['stablelm, norm of each head', [3]],
    ['heads of 7, which is odd', [1, 6]],
  ] as const)(
    '%s writes the same by a draft of the same weights, which is always right, by another one and by early exit',
    async ([name, lengths]) => {
      const architecture = smallDecoders[name];
      const model = await open(architecture);
      const same = await open(architecture);
      const other = await stranger();
      const exiting = await open(architecture, { boundaries: [exitBefore(2)] });
      const wanted = { choosing };
      const expected = await answer(model, justWords, decodePlainly, wanted);
      expect(new Set(expected.ids).size).toBeGreaterThan(4);
      // So many as 20 are looked at by the operator for many tokens.
      for (const draftLength of lengths) {
        const sure = await answer(model, justWords, byDraft(same, draftLength), wanted);
        expect(sure.ids).toEqual(expected.ids);
        // The first token comes out of the prompt; each look at so many guesses gives one token more.
        const looks = Math.ceil(39 / (draftLength + 1));
        expect(sure.draft).toEqual({ proposed: 39 - looks, accepted: 39 - looks });
        expect(sure.phases.filter((phase) => phase === 'verify')).toHaveLength(looks);

        const unsure = await answer(model, justWords, byDraft(other, draftLength), wanted);
        expect(unsure.ids).toEqual(expected.ids);
        expect(unsure.draft?.proposed).toBeGreaterThan(unsure.draft?.accepted as number);

        const early = await answer(exiting, justWords, byEarlyExit(draftLength), wanted);
        expect(early.ids).toEqual(expected.ids);
        expect(early.draft?.accepted).toBeGreaterThan(0);
        expect(early.draft?.accepted).toBeLessThan(early.draft?.proposed as number);
      }
    },
  );
});

describe('an answer whose tokens are penalised by those before them', () => {
  const penalties = {
    repetitionPenalty: 1.3,
    presencePenalty: 0.4,
    frequencyPenalty: 0.3,
  } as const;
  const context = { bias: new Map([[5, 1.5]]), promptIds: wordIds(words) };

  test.for(['greedy', 'sample'] as const)(
    '%s, is the same by any draft, and one of the same weights foresees the penalties too',
    async (choosing) => {
      const architecture = smallDecoders['llama, grouped queries'];
      const model = await open(architecture);
      const same = await open(architecture);
      const other = await stranger();
      const exiting = await open(architecture, { boundaries: [exitBefore(2)] });
      const wanted = { choosing, penalties, context };
      const expected = await answer(model, justWords, decodePlainly, wanted);
      const plain = await answer(model, justWords, decodePlainly, { choosing });
      expect(expected.ids).not.toEqual(plain.ids);
      const repeats = (ids: readonly number[]): number => ids.length - new Set(ids).size;
      expect(repeats(expected.ids)).toBeLessThan(repeats(plain.ids));
      for (const draftLength of [1, 4, 6]) {
        const sure = await answer(model, justWords, byDraft(same, draftLength), wanted);
        expect(sure.ids).toEqual(expected.ids);
        expect(sure.draft?.accepted).toBe(sure.draft?.proposed);
        const unsure = await answer(model, justWords, byDraft(other, draftLength), wanted);
        expect(unsure.ids).toEqual(expected.ids);
        const early = await answer(exiting, justWords, byEarlyExit(draftLength), wanted);
        expect(early.ids).toEqual(expected.ids);
      }
    },
  );
});

describe('an answer that ends', () => {
  test('among guesses that were kept is no longer than it is alone', async () => {
    const architecture = smallDecoders['llama, grouped queries'];
    const model = await open(architecture);
    const same = await open(architecture);
    const exiting = await open(architecture, { boundaries: [exitBefore(2)] });
    const { ids } = await answer(model, justWords, decodePlainly);
    for (const place of [1, 2, 3, 4, 5, 6, 7]) {
      const ends = [ids[place] as number];
      const expected = ids.slice(0, ids.indexOf(ends[0] as number) + 1);
      const plain = await answer(model, justWords, decodePlainly, { ends });
      expect(plain.ids).toEqual(expected);
      const drafted = await answer(model, justWords, byDraft(same, 4), { ends });
      expect(drafted.ids).toEqual(expected);
      // Behind the end nothing is guessed, so that a draft that is always right loses nothing.
      expect(drafted.draft?.proposed).toBe(drafted.draft?.accepted);
      const early = await answer(exiting, justWords, byEarlyExit(4), { ends });
      expect(early.ids).toEqual(expected);
    }
  });

  test('by its length, wherever among the guesses that is, has so many tokens and no guess too many', async () => {
    const architecture = smallDecoders['llama, grouped queries'];
    const model = await open(architecture);
    const same = await open(architecture);
    const { ids } = await answer(model, justWords, decodePlainly);
    // Where one token is left, it is the model's own.
    for (const [index, kept] of [0, 0, 1, 2, 3, 4, 4, 5].entries()) {
      const most = index + 1;
      const drafted = await answer(model, justWords, byDraft(same, 4), { most });
      expect(drafted.ids).toEqual(ids.slice(0, most));
      expect(drafted.draft).toEqual({ proposed: kept, accepted: kept });
    }
  });
});

describe('where attention slides, so that the oldest tokens are dropped meanwhile', () => {
  const architecture = { ...smallDecoders['mistral, a window of 5'], contextLength: 640 };

  test.for([3, 64])(
    '%s guesses are taken back, and the answer is the same',
    async (draftLength) => {
      const wanted = { most: 160, choosing: 'sample' } as const;
      const expected = await answer(await open(architecture), justWords, decodePlainly, wanted);
      const model = await open(architecture);
      const same = await open(architecture);
      const sliding = await open({ ...architecture, layerCount: 1 }, { seed: 8 });
      const exiting = await open(architecture, { boundaries: [exitBefore(2)] });
      const ways = [
        [model, byDraft(same, draftLength)],
        [model, byDraft(sliding, draftLength)],
        [exiting, byEarlyExit(draftLength)],
      ] as const;
      const rates: number[] = [];
      for (const [writing, decode] of ways) {
        const { ids, draft } = await answer(writing, justWords, decode, wanted);
        expect(ids).toEqual(expected.ids);
        rates.push((draft?.accepted ?? 0) / (draft?.proposed ?? 1));
      }
      expect(rates[0]).toBe(1);
      expect(rates[1]).toBeLessThan(0.5);
    },
  );
});

describe('a draft whose context is shorter', () => {
  const architecture = smallDecoders['llama, grouped queries'];

  test('guesses until it is full, reading each guess once', async () => {
    const model = await open(architecture);
    const expected = await answer(model, justWords, decodePlainly);
    // The prompt has 9 tokens. The last guess needs no place.
    for (const contextLength of [9, 10, 11, 20, 33]) {
      const short = await open({ ...architecture, contextLength });
      for (const draftLength of [1, 4]) {
        const drafted = await answer(model, justWords, byDraft(short, draftLength));
        expect(drafted.ids).toEqual(expected.ids);
        expect(drafted.draft?.accepted).toBe(drafted.draft?.proposed);
        // From the first token of the answer on, that is at place 9, to the one behind its last place.
        const guesses = Math.max(0, contextLength - 9);
        expect(drafted.draft?.proposed).toBe(
          draftLength === 1 ? Math.ceil(guesses / 2) : proposedByFour(guesses),
        );
      }
    }
  });

  test('than the prompt guesses nothing', async () => {
    const model = await open(architecture);
    const short = await open({ ...architecture, contextLength: 8 });
    const expected = await answer(model, justWords, decodePlainly);
    const drafted = await answer(model, justWords, byDraft(short, 4));
    expect(drafted).toMatchObject({ ids: expected.ids, draft: { proposed: 0, accepted: 0 } });
  });
});

/** Of so many places behind the first token: four guesses and one token of the model itself in turn. */
function proposedByFour(places: number): number {
  const whole = Math.floor(places / 5);
  return whole * 4 + Math.min(4, places - whole * 5);
}

describe('with a picture', () => {
  const architecture = smallDecoders['llama, grouped queries'];
  const prompt = withPicture(architecture.hiddenSize);

  test('a draft that reads it is always right, one that reads the words only is not, and the answer is the same', async () => {
    const model = await open(architecture);
    const draft = await open(architecture);
    const expected = await answer(model, prompt, decodePlainly);
    expect(expected.ids).not.toEqual((await answer(model, justWords, decodePlainly)).ids);
    const seeing = await answer(model, prompt, byDraft(draft, 4, 'words-and-picture'));
    expect(seeing.ids).toEqual(expected.ids);
    expect(seeing.draft?.accepted).toBe(seeing.draft?.proposed);
    const blind = await answer(model, prompt, byDraft(draft, 4));
    expect(blind.ids).toEqual(expected.ids);
    expect(blind.draft?.accepted).toBeLessThan(blind.draft?.proposed as number);
  });

  test('and nothing else, a draft of words begins with the answer', async () => {
    const model = await open(architecture);
    const draft = await open(architecture);
    const silent = { ...prompt, prompt: { ...words, segments: [picture] } };
    const expected = await answer(model, silent, decodePlainly);
    const drafted = await answer(model, silent, byDraft(draft, 4));
    expect(drafted.ids).toEqual(expected.ids);
    expect(drafted.draft?.proposed).toBeGreaterThan(0);
  });

  test.for([
    ['a draft', [pruningBefore(1)]],
    ['an early exit behind the pruning', [pruningBefore(1), exitBefore(2)]],
    ['an early exit before the pruning', [exitBefore(1), pruningBefore(2)]],
  ] as const)('of which tokens are dropped, %s changes nothing', async ([, boundaries]) => {
    const model = await open(architecture, { boundaries });
    const plain = await open(architecture, {
      boundaries: boundaries.filter(({ kind }) => kind === 'token-reduction'),
    });
    const exits = boundaries.some(({ kind }) => kind === 'early-exit');
    const draft = await open(architecture);
    const expected = await answer(plain, prompt, decodePlainly);
    for (const draftLength of [1, 4]) {
      const decode = exits
        ? byEarlyExit(draftLength)
        : byDraft(draft, draftLength, 'words-and-picture');
      const drafted = await answer(model, prompt, decode);
      expect(drafted.ids).toEqual(expected.ids);
      expect(drafted.draft?.accepted).toBeGreaterThan(0);
    }
  });
});
