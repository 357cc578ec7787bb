/** Files of other people and of other windows: nothing is read that was not chosen, nothing overwritten unseen. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDocument } from '#engine/graph/read-document.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import type { App } from './app.ts';
import { expect, test } from './fixtures.ts';

/** By the page's own dialog. */
async function open({ page }: App, path: string): Promise<void> {
  await page.keyboard.press('Control+o');
  const field = page.getByRole('dialog').getByLabel('Filter by name, or go to a path');
  await field.fill(path);
  await field.press('Enter');
}

const stranger = (folder: string) => ({
  ...sketchDocument(
    {
      prompt: ['input/prompt', { text: 'Who are you?' }],
      language: [
        'language/decoder',
        {
          model: 'custom',
          hiddenSize: 32,
          layerCount: 1,
          headCount: 2,
          keyValueHeadCount: 2,
          headSize: 16,
          feedForwardSize: 64,
          template: '{prompt}',
          weights: { kind: 'checkpoint', folder },
        },
      ],
      answer: ['output/answer'],
    },
    ['prompt.text > language.prompt', 'language.answer > answer.answer'],
  ),
  title: 'A stranger’s graph',
});

test('a folder that a graph names is read once a person allows it, and not before', async ({
  app,
}) => {
  const { page, results } = app;
  const [own, elsewhere] = ['own', 'elsewhere'].map((name) => join(app.dataFolder, name));
  for (const folder of [own, elsewhere]) await mkdir(folder as string);
  const path = join(own as string, 'stranger.patchbay.json');
  await writeFile(path, writeDocument(stranger(elsewhere as string)));
  await open(app, path);

  await results.getByRole('tab', { name: 'Problems' }).click();
  const sentence = `This graph names a folder that you have not chosen yet: ${elsewhere};`;
  await expect(results).toContainText(sentence);
  await page.keyboard.press('Control+Enter');
  await app.hasTold(sentence);

  await results.getByRole('button', { name: 'Allow…' }).click();
  const question = page.getByRole('alertdialog', { name: 'May graphs read this?' });
  await expect(question).toContainText(elsewhere as string);
  await question.getByRole('button', { name: 'Allow', exact: true }).click();
  await expect(results).toContainText(`${elsewhere} holds neither`);
  await expect(results).not.toContainText(sentence);
});

test('a file that another window has saved is taken instead, and the own work comes back at a press', async ({
  app,
}) => {
  const { page } = app;
  const path = join(app.dataFolder, 'shared.patchbay.json');
  const graph = sketchDocument({ prompt: ['input/prompt', { text: 'as it was' }] }, []);
  await writeFile(path, writeDocument(graph));
  await open(app, path);
  await app.card('Prompt').click();
  await app.inspector.getByLabel('Prompt').fill('my own');
  const theirs = (await readFile(path, 'utf8')).replace('as it was', 'of the other window');
  await writeFile(path, theirs);

  await page.keyboard.press('Control+s');
  const question = page.getByRole('alertdialog', { name: 'The file was changed' });
  await expect(question.getByRole('button')).toHaveText([
    'Cancel',
    'Reload',
    'Replace the file',
    'Save as…',
  ]);
  await question.getByRole('button', { name: 'Reload' }).click();
  await expect(app.card('Prompt')).toContainText('of the other window');
  await page.getByRole('button', { name: 'Take my work back' }).click();
  await expect(app.card('Prompt')).toContainText('my own');
  expect(await readFile(path, 'utf8')).toBe(theirs);
});
