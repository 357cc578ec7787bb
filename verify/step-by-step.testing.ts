/** Test support: a language model reads a prompt in pieces, token by token and several at once with the same logits. */
import { expect } from 'vitest';
import type { LanguageModel } from '#host/language/language-model.ts';
import { largestError } from '#nodes/slow-formulas.testing.ts';
import { floatsOf } from './node-bench.testing.ts';

/** Float32 sums of some hundred products, taken in another order. */
const tolerance = 1e-4;

interface Reading {
  readonly model: LanguageModel;
  /** 300, which are more than are read at once, so that a prompt of them is cut into pieces. */
  readonly ids: readonly number[];
  readonly vocabularySize: number;
}

export async function expectSameInSteps({ model, ids, vocabularySize }: Reading): Promise<void> {
  const pieces = await model.begin(await model.embed(ids), [], 'all', 0);
  expect(pieces).toHaveLength(2);
  const all = pieces.flatMap((piece) => Array.from(floatsOf(piece['logits'])));
  const rows = (from: number, to: number) => all.slice(from * vocabularySize, to * vocabularySize);
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
}

/** Goes back to a mark, and on from there with what is kept, as if nothing else had been read. */
export async function expectReturnToMark({
  model,
  ids,
}: Pick<Reading, 'model' | 'ids'>): Promise<void> {
  const expected = await model.prefill(await model.embed(ids.slice(0, 13)), [], 0);
  await model.prefill(await model.embed(ids.slice(0, 10)), [], 0);
  const mark = model.mark();
  await model.extend([ids[10]!, ids[11]!, 1, 2, 3], 'all', 0);
  await model.keep(mark, [ids[10]!, ids[11]!]);
  expect(model.state.length).toEqual([12]);
  const logits = await model.extend([ids[12]!], 'last', 0);
  expect(largestError(logits, expected)).toBeLessThan(tolerance);
}
