/** The field in the gallery: found by words and limits, narrowed, held against one another, and begun from. */
import { expect, test } from './fixtures.ts';

test('presets are searched by what they are made of and by limits, and narrowed by part and memory', async ({
  app,
  page,
}) => {
  const cards = page.getByRole('region', { name: 'Presets' }).getByRole('article');
  const count = page.getByRole('status').filter({ hasText: /presets$/ });
  await expect(count).toHaveText(/^6\d presets$/);
  const search = page.getByRole('searchbox', { name: 'Search presets' });

  await search.fill('LDPv2');
  await expect(cards).toHaveCount(2);
  await expect(cards.first()).toContainText('MobileVLM V2 1.7B');

  await search.fill('compact models under 2B, at most 150 tokens');
  await expect(cards.filter({ hasText: 'MobileVLM 1.7B' }).first()).toBeVisible();
  await expect(cards.filter({ hasText: 'Bunny' })).toHaveCount(0);

  await search.fill('');
  await page.getByRole('combobox', { name: 'Part' }).click();
  await page
    .getByRole('option', { name: /^Mamba/ })
    .first()
    .click();
  await expect(page.getByRole('heading', { name: /State spaces/ })).toBeVisible();
  await page.getByRole('combobox', { name: 'Memory' }).click();
  await page.getByRole('option', { name: 'Fits 2' }).click();
  await expect(page.getByText('No preset is like what is chosen above.')).toBeVisible();
  await page.getByRole('button', { name: 'Show all presets' }).click();
  await expect(count).toHaveText(/^6\d presets$/);

  await page.getByRole('combobox', { name: 'Language model' }).click();
  await page.getByRole('option', { name: 'Phi', exact: true }).click();
  await page.getByRole('combobox', { name: 'Visual tokens' }).click();
  await page.getByRole('option', { name: 'Up to 64 tokens' }).click();
  await expect(cards).toHaveCount(1);
  await expect(cards.first()).toContainText('TinyGPT-V');
  await page.getByRole('combobox', { name: 'Parameters' }).click();
  await page.getByRole('option', { name: 'Up to 2 B' }).click();
  await page.getByRole('button', { name: 'Show all presets' }).click();
  await expect(count).toHaveText(/^6\d presets$/);

  await page.getByRole('combobox', { name: 'Memory' }).click();
  await page.getByRole('option', { name: 'Fits Pixel 8, 8 GB' }).click();
  await expect(cards.filter({ hasText: 'MM1 3B-MoE' })).toHaveCount(0);
  await expect(cards.filter({ hasText: 'MobileVLM 1.7B' }).first()).toBeVisible();
  await page.getByRole('combobox', { name: 'Memory' }).click();
  await page.getByRole('option', { name: 'Any memory' }).click();

  await page.getByRole('combobox', { name: 'Order' }).click();
  await page.getByRole('option', { name: 'Fewest parameters' }).click();
  await expect(cards.first()).toContainText('Shapes LLaVA');
  await expect(app.canvas).toHaveCount(0);
});

test('two presets are held against each other, and one of them is begun from', async ({
  app,
  page,
}) => {
  await page.getByRole('button', { name: 'Compare Bunny 3B' }).click();
  await expect(page.getByText('Choose another preset to hold against Bunny 3B.')).toBeVisible();
  await page.getByRole('button', { name: 'Compare Cobra 3B' }).click();
  const dialog = page.getByRole('dialog', { name: 'Bunny 3B beside Cobra 3B' });
  const row = (name: string) => dialog.getByRole('row').filter({ hasText: name });
  await expect(row('Parameters')).toContainText('3.19');
  await expect(row('Parameters')).toContainText('3.50');
  await expect(row('Vision encoder')).toContainText('DINOv2');
  await expect(row('MLP projector: Layers')).toContainText('3');
  await dialog.getByRole('button', { name: 'Start from this' }).last().click();
  await expect(app.card('Mamba')).toBeVisible();
  await expect(app.inspector.getByRole('link', { name: /arXiv 2403.14520/ })).toBeVisible();
  await expect(app.inspector).toContainText('han1997/cobra');
});
