/** With a draft that never sees the picture, the model that comes with Patchbay answers as it does alone. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GraphDocument } from '#engine/contract/document.ts';
import { readPreset } from '#host/presets.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { Workbench } from '#verify/workbench.ts';
import { atDraftLength } from '../bench/at-draft-length.ts';
import { measureDrafting, readQuestions } from '../bench/shapes-questions.ts';

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

// All 1,000 questions, token for token, and the shares that they make: `npm run bench:accuracy`, docs/shapes-llava.md.
describe('shapes-llava-spd', () => {
  test.for([
    // The draft's own README: shares of all 1,000 questions.
    [2, 0.522],
    [4, 0.425],
  ] as const)(
    'answers token for token as the reference where %s tokens are guessed, of which a share of %s stays',
    async ([draftLength, share]) => {
      const some = (await readQuestions()).filter((_, index) => index % 17 === 0);
      const document = atDraftLength(preset, draftLength);
      const { different, proposed, accepted } = await measureDrafting(document, some, bench.loader);
      expect(different).toEqual([]);
      // So few questions may lie off the share of all.
      expect(Math.abs(accepted / proposed - share)).toBeLessThan(0.06);
    },
  );
});
