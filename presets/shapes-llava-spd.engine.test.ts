/** With a draft that never sees the picture, the model that comes with Patchbay answers as it does alone. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GraphDocument } from '#engine/contract/document.ts';
import { readPreset } from '#host/presets.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { Workbench } from '#verify/workbench.ts';
import { atCacheFormat } from '../bench/at-cache-format.ts';
import { atDraftLength } from '../bench/at-draft-length.ts';
import { guessRecorded } from '../bench/guess-recorded.ts';
import { draftedStep, openModel } from '../bench/open-models.ts';
import { ask, measureDrafting, readQuestions } from '../bench/shapes-questions.ts';

const questions = await readQuestions();
let bench: Workbench;
let preset: GraphDocument;

beforeAll(async () => {
  bench = valueOf(await Workbench.open());
  preset = valueOf(await readPreset('shapes-llava-spd'));
});

afterAll(() => bench.close());

test('but for the draft and what is said of it, the graph is that of shapes-llava', async () => {
  const alone = valueOf(await readPreset('shapes-llava'));
  const { draft, ...nodes } = preset.nodes;
  expect(draft?.type).toBe('acceleration/draft-model');
  expect(nodes).toEqual(alone.nodes);
  expect(preset.edges.filter(({ from }) => from.node !== 'draft')).toEqual(alone.edges);
});

describe('shapes-llava-spd', () => {
  test.for([
    // The draft's README.
    [2, 0.522],
    [4, 0.425],
  ] as const)(
    'of %s tokens that the draft guesses, the answers to all 1,000 questions keep a share of %s',
    async ([draftLength, share]) => {
      const draft = await openModel(draftedStep(preset).decoding.graphs, bench.loader);
      const { proposed, accepted } = await guessRecorded(draft, draftLength, questions);
      expect(Math.abs(accepted / proposed - share)).toBeLessThan(0.001);
    },
  );

  // All 1,000 questions: `npm run bench:accuracy -- drafts`.
  test.for([2, 4])('answers token for token as the reference, %s tokens ahead', async (ahead) => {
    const some = questions.filter((_, index) => index % 40 === 0);
    const document = atDraftLength(preset, ahead);
    const { different, proposed, accepted } = await measureDrafting(document, some, bench.loader);
    expect(different).toEqual([]);
    expect(accepted).toBeGreaterThan(0);
    expect(accepted).toBeLessThan(proposed);
  });

  test('answers as the model alone where both keep their keys and values in int8', async () => {
    const alone = atCacheFormat(valueOf(await readPreset('shapes-llava')), 'int8');
    const guessed = atCacheFormat(preset, 'int8');
    for (const question of questions.filter((_, index) => index % 40 === 0)) {
      const { tokenIds } = await ask(guessed, question, bench.loader);
      expect(tokenIds).toEqual((await ask(alone, question, bench.loader)).tokenIds);
    }
  });
});
