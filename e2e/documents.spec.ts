/** A person's graphs come back: exported, imported, saved, after a crash, and whatever is dropped on the window. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator } from '@playwright/test';
import { sketchDocument, type NodeSketch } from '#engine/graph/sketch-document.ts';
import type { App } from './app.ts';
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

/** Answers the dialog of a save with a folder and a name. */
async function saveAs(app: App, name: string): Promise<void> {
  await app.page.keyboard.press('Control+Shift+s');
  const dialog = app.page.getByRole('dialog');
  await expect(dialog.locator(':focus')).toBeVisible();
  const folder = dialog.getByLabel('Filter by name, or go to a path');
  await folder.fill(app.dataFolder);
  await folder.press('Enter');
  await expect(dialog.getByText(`In ${app.dataFolder}`, { exact: true })).toBeVisible();
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill(name);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await app.hasTold(`Saved ${name}.patchbay.json.`);
}

test('a saved graph is opened again from its file, and a change from elsewhere is not overwritten unasked', async ({
  app,
}) => {
  const { page } = app;
  const path = join(app.dataFolder, 'mine.patchbay.json');
  await app.openPreset('Shapes LLaVA');
  await saveAs(app, 'mine');
  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ title: 'mine' });

  await writeFile(path, (await readFile(path, 'utf8')).replace('circle', 'triangle'));
  await app.card('Prompt').click();
  await app.inspector.getByLabel('Prompt').fill('what is at the top?');
  await page.keyboard.press('Control+s');
  const question = page.getByRole('dialog').or(page.getByRole('alertdialog'));
  await expect(question).toContainText(/changed/);
  await question.getByRole('button', { name: 'Cancel' }).click();
  expect(await readFile(path, 'utf8')).toContain('triangle');
});

test('a path that leads nowhere is refused in a sentence and stays, to be mended', async ({
  app,
}) => {
  const { page } = app;
  await page.keyboard.press('Control+o');
  const dialog = page.getByRole('dialog');
  const field = dialog.getByLabel('Filter by name, or go to a path');
  await field.fill(`${app.dataFolder}/drafs`);
  await expect(dialog).toContainText(`Enter leads to ${app.dataFolder}/drafs`);
  await field.press('Enter');
  await expect(dialog.getByRole('alert')).toContainText('There is no folder');
  await expect(field).toHaveValue(`${app.dataFolder}/drafs`);
  await field.fill(app.dataFolder);
  await field.press('Enter');
  await expect(field).toHaveValue('');
  await expect(dialog.getByRole('alert')).toHaveCount(0);
});

test('a graph whose title nobody wrote is called by its file, everywhere; a title that was written stays', async ({
  app,
}) => {
  const { page } = app;
  const tabs = page.getByRole('navigation', { name: 'Open graphs' });
  const recent = async (): Promise<readonly string[]> => {
    await page.getByRole('button', { name: 'File', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Open recent' }).click();
    await expect(page.getByRole('menu')).toHaveCount(2);
    const items = page.getByRole('menu').last().getByRole('menuitem');
    await expect(items.first()).toBeVisible();
    const texts = await items.allTextContents();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await expect(page.getByRole('menu')).toHaveCount(0);
    return texts;
  };
  await app.openPreset('Shapes LLaVA');
  await saveAs(app, 'mine');
  await saveAs(app, 'mine2');
  await expect(tabs.getByRole('button', { name: 'mine2', exact: true })).toBeVisible();
  await expect(page).toHaveTitle(/^mine2 · /);
  expect(await recent()).toEqual(['mine2', 'mine']);

  await app.inspector.getByLabel('Title of the graph').fill('Shapes, wide');
  await app.inspector.getByLabel('Title of the graph').press('Enter');
  await saveAs(app, 'mine3');
  await expect(tabs.getByRole('button', { name: 'Shapes, wide', exact: true })).toBeVisible();
  expect((await recent())[0]).toBe('Shapes, widemine3');
});

test.describe('in a small window', () => {
  test.use({ viewport: { width: 1024, height: 700 } });

  test('eleven graphs keep their names and their close buttons apart, and each can be brought to sight', async ({
    app,
  }) => {
    const { page } = app;
    const tabs = page.getByRole('navigation', { name: 'Open graphs' });
    const tab = (title = ''): Locator =>
      tabs.getByRole('button', { name: new RegExp(`^${title} unsaved`) });
    const graph = { format: 'patchbay', version: 1, about: '', edges: [], layout: {}, notes: [] };
    const titles = Array.from({ length: 11 }, (_, place) => `Study ${place + 1} of a tower`);
    for (const title of titles) {
      const content = JSON.stringify({ ...graph, title, nodes: {} });
      await app.importFile(graphFile(`${title}.patchbay.json`, content));
      await expect(tab(title)).toHaveAttribute('aria-current', 'page');
    }
    const boxes = await tabs
      .getByRole('button')
      .evaluateAll((buttons) => buttons.map((button) => button.getBoundingClientRect().toJSON()));
    const apart = boxes.slice(1).map(({ left }, place) => left >= boxes[place].right);
    expect(apart).toEqual(Array(21).fill(true));
    await expect(tabs.getByRole('button', { name: `Close ${titles[10]}` })).toBeInViewport({
      ratio: 1,
    });

    await expect(tab(titles[0])).not.toBeInViewport();
    await page.getByRole('button', { name: 'All 11 open graphs' }).click();
    await page.getByRole('menuitem', { name: titles[0] ?? '', exact: true }).click();
    await expect(tab(titles[0])).toBeInViewport({ ratio: 1 });
    await expect(page).toHaveTitle(/Study 1 of a tower/);
  });
});

test('after a crash the unsaved work is there', async ({ app }) => {
  await app.openPreset('Shapes LLaVA');
  await app.card('Prompt').click();
  await app.inspector.getByLabel('Prompt').fill('what did I lose?');
  await app.hasDraft('what did I lose?');

  const next = await app.crash();
  await next.hasTold('Unsaved work is back in one graph.');
  await expect(next.canvas).toContainText('what did I lose?');
  await expect(next.page.getByRole('img', { name: 'unsaved changes' })).toBeVisible();
});

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
    await app.hasTold(sentence);
    // The message hides no figures.
    const message = await app.placeOf(page.getByRole('status', { name: 'Messages' }).locator('p'));
    expect(message.y + message.height).toBeLessThan((await app.placeOf(app.results)).y);
    await expect(app.canvas.locator('.react-flow__node')).toHaveCount(7);
    await expect(app.card('Image')).toContainText('shapes-circle');
  });
}

/** Names a checkpoint folder for the node that is selected. */
async function chooseFolder(app: App, path: string): Promise<void> {
  await app.inspector.getByRole('radio', { name: 'Folder' }).click();
  const folder = app.inspector.getByLabel('Checkpoint folder');
  await folder.fill(path);
  await folder.press('Enter');
}

const recorded = (name: string): string => join(import.meta.dirname, '../verify/recorded', name);

test('a weights folder fills the node from its config and says what it took; one undo takes all of it back', async ({
  app,
}) => {
  await app.openPreset('LLaVA-1.5 7B');
  await app.card('Language model').click();
  await expect(app.card('Language model')).toContainText('Vicuna 7B');
  await chooseFolder(app, recorded('pipeline/llava-clip-llama'));
  await expect(app.inspector.getByRole('status')).toHaveText(
    /^Took \d+ parameters from config\.json: LLaMA, 2 layers × 40, 4 heads, 2 of keys and values, 376 tokens known\.$/,
  );
  await expect(app.card('Language model')).toHaveAccessibleName(/custom · 2 layers × 40/);

  await app.page.keyboard.press('Escape');
  await app.card('Language model').click();
  await app.page.keyboard.press('Control+z');
  await expect(app.card('Language model')).toContainText('Vicuna 7B');
  await expect(app.inspector.getByRole('radio', { name: 'Seeded random' })).toBeChecked();
});

test('a node without weights is filled from the checkpoint of the others', async ({ app }) => {
  await app.openPreset('Shapes LLaVA');
  await app.card('Preprocess').click();
  await app.inspector.getByRole('combobox', { name: 'Geometry' }).click();
  await app.page.getByRole('option', { name: /^Squash/ }).click();
  await expect(app.card('Preprocess')).toContainText('squash');
  await app.inspector.getByRole('button', { name: /^Use.*built-in/ }).click();
  await expect(app.inspector.getByRole('status')).toHaveText(
    'Took 6 parameters from preprocessor_config.json: CLIPImageProcessor, crop, 96 px.',
  );
  await expect(app.card('Preprocess')).toContainText('crop');
});

test('a folder whose config is not one of the node leaves it as it is and says why', async ({
  app,
}) => {
  await app.openPreset('LLaVA-1.5 7B');
  await app.card('CLIP ViT').click();
  await chooseFolder(app, recorded('encoder/siglip'));
  await expect(app.inspector.getByRole('status')).toHaveText(
    'Took nothing from the folder. config.json describes no CLIP tower; what sees in it is "siglip_vision_model".',
  );
  await expect(app.card('CLIP ViT')).toHaveAccessibleName(/ViT-L\/14, 336 px/);
});

test('a weights folder of another model does not fit, be it its widths or its tensors', async ({
  app,
}) => {
  await app.openPreset('TinyLLaVA 1.5B');
  await app.card('MLP projector').click();
  await chooseFolder(app, 'builtin:shapes-llava');
  await app.results.getByRole('tab', { name: 'Problems' }).click();
  await expect(app.results).toContainText(
    'The projector expects 128 channels, its input gives 1152; set the input width to 1152.',
  );
  await app.results
    .getByRole('button', { name: 'Set the input width to 1152', exact: true })
    .click();
  await app.results
    .getByRole('button', { name: 'Set the output width to 2048', exact: true })
    .click();
  const misfits = app.results.getByRole('listitem').filter({ hasText: /tensors?\b/ });
  await expect(misfits).toHaveText(
    /All 4 tensors that the node needs have another shape .*linear_1\.weight" \[192, 128\] for \[2048, 1152\], .* and 1 more;/,
  );
});

test('a graph with more layers than are run opens, says so at its node, and is sound once it has fewer', async ({
  app,
}) => {
  const names = Array.from({ length: 10 }, (_, index) => `model${index}`);
  const models = names.map((id): readonly [string, NodeSketch] => [
    id,
    ['language/decoder', { model: 'custom', layerCount: 512 }],
  ]);
  const deep = sketchDocument(
    { prompt: ['input/prompt', { text: 'Why?' }], ...Object.fromEntries(models) },
    names.map((id) => `prompt.text > ${id}.prompt`),
  );
  const layout = Object.fromEntries(
    ['prompt', ...names].map((id, index) => [id, { x: (index % 4) * 300, y: 320 * (index >> 2) }]),
  );
  await app.importFile(graphFile('deep.patchbay.json', JSON.stringify({ ...deep, layout })));
  await app.results.getByRole('tab', { name: 'Problems' }).click();
  const problem = app.results.getByRole('listitem');
  await expect(problem).toContainText('The graph has 5120 layers, at most 2048 are checked');

  await expect(app.inspector.getByRole('region', { name: 'Estimate' })).toContainText(
    'comes back once the errors of the graph are mended',
  );

  // What is left is checked by itself, however long the older check went on.
  for (const id of names.slice(1)) {
    await app.canvas.locator(`[data-id="${id}"]`).click();
    await app.page.keyboard.press('Delete');
  }
  await expect(problem).not.toContainText('at most 2048');
});
