/** A person looks into the operators of a stage. */
import type { Locator } from '@playwright/test';
import { expect, test } from './fixtures.ts';

test('a profiled run shows where a stage spends its time: zoomed, walked by key, searched and put together', async ({
  app,
  page,
}) => {
  await app.openPreset('Shapes LLaVA');
  await app.profile();
  const chart = app.results.getByRole('group', { name: /^Flame chart of/ });

  await app.results.getByRole('combobox', { name: 'Stage' }).click();
  await page.getByRole('option', { name: /^CLIP ViT/ }).click();
  const layer = chart.getByRole('button', { name: /^layers\.1 · [\d.]+/ });
  // However much of the stage's time it took this once, there are others beside it.
  const widthOf = async (thing: Locator) => (await thing.boundingBox())?.width ?? 0;
  const nearlyWhole = 0.95 * (await widthOf(chart));
  expect(await widthOf(layer)).toBeLessThan(nearlyWhole);
  await layer.click();
  await expect.poll(() => widthOf(layer)).toBeGreaterThan(nearlyWhole);
  await page.keyboard.press('ArrowDown');
  await expect(chart.locator(':focus')).toHaveAccessibleName(/%/);
  await page.keyboard.press('Escape');
  await expect.poll(() => widthOf(layer)).toBeLessThan(nearlyWhole);

  await app.results.getByRole('textbox', { name: 'Find operators' }).fill('layers.1');
  await expect(chart.locator('[data-dimmed]').first()).toBeVisible();
  await expect(layer).not.toHaveAttribute('data-dimmed');

  const table = app.results.getByRole('table', { name: /^Operators of CLIP ViT/ });
  await expect(table.getByRole('row', { name: /MatMul/ }).first()).toBeVisible();
  await app.results.getByRole('radio', { name: 'Layer' }).check();
  await expect(table.getByRole('row', { name: /^layers\.1/ })).toBeVisible();
});

test('a card that is clicked while the Operators tab is shown brings its stage there', async ({
  app,
}) => {
  await app.openPreset('Shapes LLaVA');
  await app.profile();
  const stage = app.results.getByRole('combobox', { name: 'Stage' });

  await app.card('CLIP ViT').click();
  await expect(stage).toContainText('CLIP ViT');
  await expect(app.results.getByRole('table', { name: /^Operators of CLIP ViT/ })).toBeVisible();
  await app.card('MLP projector').click();
  await expect(stage).toContainText('MLP projector');
  // The host shows an answer; it has no operators.
  await app.card('Answer').click();
  await expect(stage).toContainText('MLP projector');
});

test('two runs are held side by side operator by operator, once both were looked into', async ({
  app,
}) => {
  const { results } = app;
  await app.openPreset('Shapes LLaVA');
  await app.profile();
  await app.profile();
  await results.getByRole('tab', { name: 'Runs' }).click();
  // The latest first: profiled, plain, profiled, plain.
  const compare = results.getByRole('checkbox', { name: /^Compare the run of Shapes LLaVA/ });
  await expect(compare).toHaveCount(4);
  await compare.nth(0).check();
  await compare.nth(1).click();
  const operators = results.getByRole('region', { name: 'Operators of both runs' });
  await expect(operators).toContainText('Run A did not look into its operators');

  await results.getByRole('button', { name: 'All runs' }).click();
  await compare.nth(0).check();
  await compare.nth(2).click();
  await operators.getByRole('combobox', { name: 'Stage' }).click();
  await app.page.getByRole('option', { name: /^CLIP ViT/ }).click();
  const table = operators.getByRole('table', { name: /^Operators of CLIP ViT/ });
  await expect(table.getByRole('row', { name: /^\w*MatMul.*ms.*×.*ms$/ }).first()).toBeVisible();
  await operators.getByRole('radio', { name: 'Layer' }).check();
  await expect(table.getByRole('row', { name: /^layers\.1 .*×/ })).toBeVisible();
});
