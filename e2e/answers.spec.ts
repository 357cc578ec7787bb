/** A person asks for several answers, or gives some to choose from, and reads what became of each. */
import { readFile } from 'node:fs/promises';
import type { Json } from '#engine/contract/document.ts';
import type { App } from './app.ts';
import { expect, test } from './fixtures.ts';

async function importShapes(app: App, params: Readonly<Record<string, Json>>): Promise<void> {
  const graph = JSON.parse(await readFile('presets/shapes-llava.patchbay.json', 'utf8'));
  Object.assign(graph.nodes.language.params, params);
  const buffer = Buffer.from(JSON.stringify(graph));
  await app.importFile({ name: 'answers.patchbay.json', mimeType: 'application/json', buffer });
}

test('given answers stand with a bar each, in the results and on the card', async ({ app }) => {
  await importShapes(app, { strategy: 'choices', choices: 'blue\nred\na green square' });
  await app.run();
  const { languageModels } = await app.report();
  const scores = languageModels[0]?.choices?.scores ?? [];
  expect(scores.map(({ text }) => text)).toEqual(['blue', 'red', 'a green square']);
  for (const place of [app.answer, app.card('Answer')]) {
    const rows = place
      .getByRole('list', { name: 'Choices by log-likelihood' })
      .getByRole('listitem');
    await expect(rows).toHaveText(
      scores.map(({ text, sum }) => new RegExp(`^${text}${sum.toFixed(2)}`)),
    );
    await expect(rows.nth(1)).toContainText('100.0 %');
  }
  await expect(app.answer.locator('p')).toHaveText('red');

  await app.card('Language model').click();
  await app.inspector.getByRole('button', { name: /^Sampling/ }).click();
  await expect(app.inspector.getByLabel('Choices', { exact: true }).last()).toBeVisible();
  await expect(app.inspector.getByLabel('New tokens')).toHaveCount(0);
});

test('several answers stand one below the other, with what each of them took', async ({ app }) => {
  await importShapes(app, {
    strategy: 'sample',
    temperature: 6,
    minP: 0.02,
    answerCount: 3,
    maxNewTokens: 8,
  });
  await app.run();
  const { languageModels } = await app.report();
  const answers = languageModels[0]?.answers ?? [];
  expect(answers).toHaveLength(3);
  const items = app.answer.getByRole('listitem');
  await expect(items).toHaveCount(3);
  for (const [index, { text, tokenIds }] of answers.entries()) {
    await expect(items.nth(index).locator('p')).toHaveText(text);
    await expect(items.nth(index)).toContainText(`${tokenIds.length} token`);
    await expect(app.card('Answer')).toContainText(`${index + 1}. ${text}`);
  }
});
