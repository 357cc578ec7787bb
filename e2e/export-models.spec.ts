/** A person takes the models of a graph elsewhere. */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { exportManifestSchema } from '#engine/contract/model-export.ts';
import type { App } from './app.ts';
import { expect, test } from './fixtures.ts';
import { seriousFaults } from './serious-faults.ts';

/** By the File menu, into a folder that is chosen in the page's own dialog. */
async function exportInto(app: App, folder: string): Promise<void> {
  await app.command('Export ONNX models…');
  const dialog = app.page.getByRole('dialog', { name: 'Put the ONNX models into' });
  const field = dialog.getByLabel('Filter by name, or go to a path');
  await field.fill(folder);
  await field.press('Enter');
  await dialog.getByRole('button', { name: `Choose ${basename(folder)}` }).click();
}

test.describe('the models of a graph as ONNX files', () => {
  test.skip(
    ({ face }) => face === 'electron',
    'The desktop app asks by the dialogs of the system.',
  );

  test('come into a folder named after the graph, and never into one that is taken', async ({
    app,
    page,
  }, info) => {
    const folder = info.outputPath('models');
    await mkdir(folder, { recursive: true });
    await app.openPreset('Shapes LLaVA');
    await exportInto(app, folder);
    await app.hasTold(/Exported to .*Shapes LLaVA-onnx\./);
    await expect(page.getByRole('dialog')).toBeHidden();
    const names = await readdir(`${folder}/Shapes LLaVA-onnx`);
    const text = await readFile(`${folder}/Shapes LLaVA-onnx/manifest.json`, 'utf8');
    const { files } = exportManifestSchema.parse(JSON.parse(text));
    expect(names.toSorted()).toEqual(
      ['manifest.json', ...files.map(({ name }) => name)].toSorted(),
    );
    await exportInto(app, folder);
    await expect(page.getByText(/holds something already, which is not touched/)).toBeVisible();
    expect(await readdir(folder)).toEqual(['Shapes LLaVA-onnx']);
  });

  test('can be cancelled while they are written, and leave nothing', async ({
    app,
    page,
  }, info) => {
    const folder = info.outputPath('models');
    await mkdir(folder, { recursive: true });
    await app.openPreset('Shapes LLaVA');
    app.hold.at({ type: 'stage-progress', stage: 'Language model · decoder' });
    await exportInto(app, folder);
    await app.hold.isHeld();
    const dialog = page.getByRole('dialog', { name: 'Export ONNX models' });
    await expect(dialog.getByRole('progressbar', { name: 'Written' })).toBeVisible();
    await expect(dialog).toContainText('Language model · decoder');
    expect(await seriousFaults(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    app.hold.release();
    await app.hasTold('The export was cancelled; nothing of it is left.');
    expect(await readdir(folder)).toEqual([]);
  });
});
