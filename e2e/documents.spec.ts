/** A person's graphs come back: exported, imported, saved, after a crash, and whatever is dropped on the window. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from './fixtures.ts';

const graphFile = (name: string, content: string) => ({
  name,
  mimeType: 'application/json',
  buffer: Buffer.from(content),
});

test('an exported graph is imported as the same graph', async ({ app }) => {
  const { page } = app;
  await app.openPreset('LLaVA-1.5 7B with PruMerge');
  await app.card('Prompt').click();
  await app.inspector.getByLabel('Prompt').fill('What is behind the trees?');
  const exported = async (): Promise<string> => {
    const download = page.waitForEvent('download');
    await app.command('Export JSON');
    return readFile(await (await download).path(), 'utf8');
  };
  const first = await exported();
  expect(JSON.parse(first)).toMatchObject({
    format: 'patchbay',
    version: 1,
    nodes: { prompt: { params: { text: 'What is behind the trees?' } } },
  });
  await app.importFile(graphFile('again.patchbay.json', first));
  await expect(page.getByRole('navigation', { name: 'Open graphs' })).toContainText(
    /PruMerge.*PruMerge/,
  );
  expect(await exported()).toBe(first);
});

test('a saved graph is opened again from its file, and a change from elsewhere is not overwritten unasked', async ({
  app,
}) => {
  const { page } = app;
  const path = join(app.dataFolder, 'mine.patchbay.json');
  await app.openPreset('Shapes LLaVA');
  await page.keyboard.press('Control+Shift+s');
  const dialog = page.getByRole('dialog');
  const folder = dialog.getByLabel('Filter by name, or go to a path');
  await folder.fill(app.dataFolder);
  await folder.press('Enter');
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('mine');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(app.messages).toContainText('mine.patchbay.json');
  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ title: 'Shapes LLaVA' });

  await writeFile(path, (await readFile(path, 'utf8')).replace('circle', 'triangle'));
  await app.card('Prompt').click();
  await app.inspector.getByLabel('Prompt').fill('what is at the top?');
  await page.keyboard.press('Control+s');
  const question = page.getByRole('dialog').or(page.getByRole('alertdialog'));
  await expect(question).toContainText(/changed/);
  await question.getByRole('button', { name: 'Cancel' }).click();
  expect(await readFile(path, 'utf8')).toContain('triangle');
});

test('after a crash the unsaved work is there', async ({ app }) => {
  await app.openPreset('Shapes LLaVA');
  await app.card('Prompt').click();
  await app.inspector.getByLabel('Prompt').fill('what did I lose?');
  const drafts = join(app.dataFolder, 'drafts');
  await expect.poll(async () => (await readDrafts(drafts)).includes('what did I lose?')).toBe(true);

  const next = await app.crash();
  await expect(next.messages).toContainText('Unsaved work is back in one graph.');
  await expect(next.canvas).toContainText('what did I lose?');
  await expect(next.page.getByRole('img', { name: 'unsaved changes' })).toBeVisible();
});

async function readDrafts(folder: string): Promise<string> {
  const names = await readdir(folder).catch(() => []);
  return (await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))).join();
}

const refused = [
  ['broken', 'broken.patchbay.json', '{ "format": "patchbay", ', /not valid JSON/],
  ['foreign', 'package.json', '{ "name": "something else" }', /not a Patchbay graph/],
  [
    'newer',
    'newer.patchbay.json',
    '{ "format": "patchbay", "version": 99, "title": "", "nodes": {} }',
    /newer/,
  ],
  ['huge', 'huge.patchbay.json', `"${'x'.repeat(17_000_000)}"`, /16\.8\s?MB/],
  ['text named .png', 'words.png', 'These are words.', /not a picture/],
  ['of another kind', 'notes.txt', 'These are words.', /notes\.txt/],
] as const;

for (const [kind, name, content, sentence] of refused) {
  test(`a file that is ${kind}, when it is dropped on the window, is refused in a sentence, and nothing is lost`, async ({
    app,
  }) => {
    const { page } = app;
    await app.openPreset('Shapes LLaVA');
    const files = await page.evaluateHandle(
      ([fileName, text]) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([text], fileName));
        return transfer;
      },
      [name, content] as const,
    );
    for (const type of ['dragenter', 'dragover', 'drop'])
      await app.canvas.dispatchEvent(type, { dataTransfer: files });
    await expect(app.messages).toContainText(sentence);
    await expect(app.canvas.locator('.react-flow__node')).toHaveCount(7);
    await expect(app.card('Image')).toContainText('shapes-circle');
  });
}

test('a weights folder of another model is refused by the names that it lacks', async ({ app }) => {
  await app.openPreset('TinyLLaVA 1.5B');
  await app.card('MLP projector').click();
  await app.inspector.getByRole('radio', { name: 'Folder' }).click();
  const folder = app.inspector.getByLabel('Checkpoint folder');
  await folder.fill('builtin:shapes-llava');
  await folder.press('Enter');
  await app.results.getByRole('tab', { name: 'Problems' }).click();
  await expect(app.results).toContainText(
    /multi_modal_projector\S+ has shape \[192, 128\], the node needs \[2048, 1152\]/,
  );
});
