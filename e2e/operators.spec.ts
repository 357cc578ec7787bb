/** A person looks into the operators of a stage. */
import { expect, test } from './fixtures.ts';

test('a profiled run shows where a stage spends its time: zoomed, walked by key, searched and put together', async ({
  app,
  page,
}) => {
  await app.openPreset('Shapes LLaVA');
  await app.run();
  await app.results.getByRole('tab', { name: 'Operators' }).click();
  await app.results.getByRole('button', { name: 'Run with the profiler' }).click();
  const chart = app.results.getByRole('group', { name: /^Flame chart of/ });
  await expect(chart).toBeVisible();
  await expect(app.answerState).toHaveText('done');

  await app.results.getByRole('combobox', { name: 'Stage' }).click();
  await page.getByRole('option', { name: /^CLIP ViT/ }).click();
  const layer = chart.getByRole('button', { name: /^layers\.1 · [\d.]+/ });
  const narrow = (await layer.boundingBox())?.width ?? 0;
  await layer.click();
  await expect
    .poll(async () => (await layer.boundingBox())?.width ?? 0)
    .toBeGreaterThan(3 * narrow);
  await page.keyboard.press('ArrowDown');
  await expect(chart.locator(':focus')).toHaveAccessibleName(/%/);
  await page.keyboard.press('Escape');
  await expect.poll(async () => (await layer.boundingBox())?.width ?? 0).toBeLessThan(2 * narrow);

  await app.results.getByRole('textbox', { name: 'Find operators' }).fill('layers.1');
  await expect(chart.locator('[data-dimmed]').first()).toBeVisible();
  await expect(layer).not.toHaveAttribute('data-dimmed');

  const table = app.results.getByRole('table', { name: /^Operators of CLIP ViT/ });
  await expect(table.getByRole('row', { name: /MatMul/ }).first()).toBeVisible();
  await app.results.getByRole('radio', { name: 'Layer' }).check();
  await expect(table.getByRole('row', { name: /^layers\.1/ })).toBeVisible();
});
