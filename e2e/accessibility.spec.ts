/** What people with other eyes and hands would stumble over: none of it serious, in both themes. */
import type { App } from './app.ts';
import { seriousFaults } from './serious-faults.ts';
import { expect, test } from './fixtures.ts';

/** Of the page of the app. */
const faults = ({ page }: App): Promise<readonly string[]> => seriousFaults(page);

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`in the ${colorScheme} theme`, () => {
    test.use({ colorScheme });

    test('the gallery has no serious fault', async ({ app }) => {
      await expect(
        app.page.getByRole('button', { name: 'Open Shapes LLaVA', exact: true }),
      ).toBeVisible();
      expect(await faults(app)).toEqual([]);
      await app.page.getByRole('button', { name: 'Compare Bunny 3B' }).click();
      await app.page.getByRole('button', { name: 'Compare Cobra 3B' }).click();
      await expect(app.page.getByRole('dialog', { name: /beside Cobra 3B/ })).toBeVisible();
      expect(await faults(app), 'two presets side by side').toEqual([]);
    });

    test('canvas, inspector and results have no serious fault, before and after a run', async ({
      app,
    }) => {
      await app.openPreset('Shapes LLaVA');
      expect(await faults(app)).toEqual([]);
      await app.card('Language model').click();
      await app.run();
      expect(await faults(app)).toEqual([]);
      await app.results.getByRole('tab', { name: 'Operators' }).click();
      await app.results.getByRole('button', { name: 'Run with the profiler' }).click();
      await expect(app.results.getByRole('group', { name: /^Flame chart/ })).toBeVisible();
      await expect(app.answerState).toHaveText('done');
      expect(await faults(app)).toEqual([]);
      await app.results.getByRole('tab', { name: 'Roofline' }).click();
      await expect(app.results.getByRole('button', { name: /^Measure this/ })).toBeVisible();
      expect(await faults(app)).toEqual([]);
      await app.calibrate();
      expect(await faults(app), 'a roofline').toEqual([]);
      for (const tab of ['Memory', 'Runs', 'Problems']) {
        await app.results.getByRole('tab', { name: tab }).click();
        expect(await faults(app)).toEqual([]);
      }
      await app.results.getByRole('tab', { name: 'Runs' }).click();
      const compare = app.results.getByRole('checkbox', { name: /^Compare the run of/ });
      await compare.nth(0).check();
      await compare.nth(1).click();
      await expect(app.results.getByRole('region', { name: /^Operators of both/ })).toBeVisible();
      expect(await faults(app), 'two runs side by side').toEqual([]);
    });

    test('a graph with problems has no serious fault', async ({ app }) => {
      await app.importFile('e2e/graphs/mismatch.patchbay.json');
      await app.card('Linear projector').click();
      await app.results.getByRole('tab', { name: 'Problems' }).click();
      expect(await faults(app)).toEqual([]);
    });

    test('dialogs and menus have no serious fault', async ({ app }) => {
      const { page } = app;
      await app.openPreset('Shapes LLaVA');
      for (const keys of ['Control+k', '?', 'Control+o', 'Control+Shift+s']) {
        await page.keyboard.press(keys);
        await expect(page.getByRole('dialog')).toBeVisible();
        expect(await faults(app), keys).toEqual([]);
        await page.keyboard.press('Escape');
        await expect(page.getByRole('dialog')).toBeHidden();
      }
      await app.command('Third-party licences');
      await expect(page.getByRole('dialog')).toContainText(/zod \d+\.\d+.*\(MIT\)/);
      expect(await faults(app), 'licences').toEqual([]);
      await page.keyboard.press('Escape');
      await app.port('Visual tokens, output of CLIP ViT').press('Enter');
      await expect(page.getByRole('dialog')).toBeVisible();
      expect(await faults(app)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'File', exact: true }).click();
      await expect(page.getByRole('menu')).toBeVisible();
      expect(await faults(app)).toEqual([]);
    });
  });
}

for (const name of ['palette', 'inspector', 'results']) {
  test(`the ${name}, once folded, comes back by mouse: at its edge of the window, and from the bar`, async ({
    app,
  }) => {
    const { page } = app;
    const panel = page.getByRole('region', { name: new RegExp(`^${name}$`, 'i') });
    const inBar = page
      .getByRole('banner')
      .getByRole('button', { name: new RegExp(`fold the ${name}`) });
    await app.openPreset('Shapes LLaVA');
    await expect(inBar).toHaveAttribute('aria-pressed', 'true');
    await inBar.click();
    await expect(panel).toBeHidden();
    await page.getByRole('button', { name: `Show the ${name}`, exact: true }).click();
    await expect(panel).toBeVisible();
    await inBar.click();
    await inBar.click();
    await expect(panel).toBeVisible();
    await expect(page.getByRole('button', { name: `Show the ${name}`, exact: true })).toBeHidden();
  });
}

test('a dialog gives the focus back to where it was, and a divider that was dragged keeps none', async ({
  app,
}) => {
  const { page } = app;
  await app.openPreset('Shapes LLaVA');
  const openAndClose = async (): Promise<void> => {
    await page.keyboard.press('?');
    await expect(page.getByRole('dialog')).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toBeHidden();
  };
  const divider = page.getByRole('separator', { name: 'Height of the results' });
  const { x, y, width } = await app.placeOf(divider);
  await page.mouse.move(x + width / 2, y);
  await page.mouse.down();
  await page.mouse.move(x + width / 2, y - 40, { steps: 3 });
  await page.mouse.up();
  await expect(divider).not.toBeFocused();
  await openAndClose();
  await expect(divider).not.toBeFocused();

  await page.getByRole('button', { name: 'File', exact: true }).click();
  await page.keyboard.press('Escape');
  await app.card('Prompt').click();
  await expect(app.card('Prompt')).toBeFocused();
  await openAndClose();
  await expect(app.card('Prompt')).toBeFocused();
});
