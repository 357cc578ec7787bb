/** After a run, how the tokens of the prompt were spread over the experts: bars by layer at the part and below its model. */
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { expect, test } from './fixtures.ts';

const layerCount = 4;

/** A tiny random model; two parts, one with few experts in the first half and one with many in the second. */
const graph = {
  ...sketchDocument(
    {
      prompt: ['input/prompt', { text: 'Which tokens go where, and how many of them?' }],
      language: [
        'language/decoder',
        {
          model: 'custom',
          vocabularySize: 512,
          hiddenSize: 64,
          layerCount,
          headCount: 4,
          keyValueHeadCount: 4,
          headSize: 16,
          feedForwardSize: 64,
          contextLength: 256,
          template: '{prompt}',
          maxNewTokens: 2,
        },
      ],
      few: ['moe/feed-forward', { experts: 4, layers: 'first-half' }],
      many: ['moe/feed-forward', { experts: 32, topK: 4, layers: 'second-half' }],
      answer: ['output/answer'],
    },
    [
      'prompt.text > language.prompt',
      'few.part > language.feedForward',
      'many.part > language.feedForward',
      'language.answer > answer.answer',
    ],
  ),
  title: 'Experts',
};

test('a run shows how many tokens each expert was sent, layer by layer', async ({ app }) => {
  const { inspector, results } = app;
  await app.importFile({
    name: 'experts.patchbay.json',
    mimeType: 'application/json',
    buffer: Buffer.from(JSON.stringify(graph)),
  });
  await app.run();
  const { showings } = await app.report();
  expect(showings.map(({ node, kind }) => [node, kind])).toEqual([
    ['few', 'expert-load'],
    ['many', 'expert-load'],
  ]);
  const [few] = showings;
  expect(few?.loads?.map(({ layer }) => layer)).toEqual([0, 1]);

  // Below the row of its model: both parts.
  await app.card('Language model').click();
  await expect(results.getByRole('figure')).toHaveCount(2);
  const lists = results.getByRole('list', { name: 'Tokens sent to each expert, by layer' });
  await expect(lists.first().getByRole('img')).toHaveCount(layerCount / 2);
  const counts = few?.loads?.[0]?.ofExperts ?? [];
  await expect(lists.first().getByRole('img').first()).toHaveAccessibleName(
    `layer 0: ${counts.join(', ')} tokens to experts 0 to 3`,
  );
  await expect(results.getByRole('figure').last()).toContainText('32 experts in each of 2 layers');

  // At the part itself, with how it is read.
  await app.card('MoE feed-forward').first().click();
  const seen = inspector.getByRole('region', { name: 'Seen in the last pass' });
  await expect(seen).toContainText('the dashed line is an even share');
});
