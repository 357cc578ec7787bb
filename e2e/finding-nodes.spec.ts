/** A person finds a node among many: families fold, words find papers and models, a dropped wire offers what fits. */
import { expect, test } from './fixtures.ts';

test('families fold, by mouse and by key, and stay folded when the page is opened again', async ({
  app,
}) => {
  const { page } = app;
  await app.openPreset('Shapes LLaVA');
  const palette = page.getByRole('region', { name: 'Palette' });
  const projectors = palette.getByRole('button', { name: /^Projector/ });
  await projectors.click();
  await expect(projectors).toHaveAttribute('aria-expanded', 'false');
  await expect(palette.getByRole('button', { name: 'MLP projector', exact: true })).toBeHidden();

  await palette.getByRole('button', { name: /^Vision encoder/ }).focus();
  await page.keyboard.press('ArrowLeft');
  await expect(palette.getByRole('button', { name: 'SigLIP', exact: true })).toBeHidden();
  await page.keyboard.press('ArrowDown');
  await expect(palette.getByRole('button', { name: /^Fusion/ })).toBeFocused();
  const kept = page.waitForResponse(/keepPreferences/);
  await page.keyboard.press('ArrowLeft');
  await kept;

  await page.reload();
  await expect(projectors).toHaveAttribute('aria-expanded', 'false');
  // With Alt, every family.
  await projectors.click({ modifiers: ['Alt'] });
  await expect(palette.getByRole('button', { expanded: false })).toHaveCount(0);
  await expect(palette.getByRole('button', { name: 'SigLIP', exact: true })).toBeVisible();

  // What is folded is found all the same.
  await projectors.click();
  const search = palette.getByRole('searchbox');
  await search.fill('bunny');
  const found = palette.getByRole('list', { name: 'Nodes found' }).getByRole('button');
  await expect(found.filter({ hasText: 'MLP projector' })).toContainText('Bunny');
  await search.fill('2403.15388');
  await expect(found).toHaveText([/PruMerge/]);
});

test('a wire dropped on the canvas offers what fits, by family, and finds it by a word', async ({
  app,
}) => {
  const { page } = app;
  await app.openPreset('Shapes LLaVA');
  const port = await app.placeOf(app.port('Visual tokens, output of CLIP ViT'));
  await page.mouse.move(port.x + port.width / 2, port.y + port.height / 2);
  await page.mouse.down();
  await page.mouse.move(port.x + 40, port.y - 120, { steps: 6 });
  await page.mouse.up();
  const menu = page.getByRole('dialog', { name: 'Nodes that fit here' });
  const field = menu.getByRole('combobox');
  await expect(field).toBeFocused();
  await expect(menu.getByText('Token compression', { exact: true })).toBeVisible();
  // Nothing that takes no visual tokens.
  await expect(menu.getByRole('option', { name: 'Preprocess' })).toHaveCount(0);
  await field.fill('phi-2');
  await expect(menu.getByRole('option').first()).toContainText('Phi-2');
  await field.fill('pool');
  await page.keyboard.press('Enter');
  await expect(menu).toBeHidden();
  const card = app.card('Average pooling');
  await expect(card).toBeVisible();
  await expect(card).not.toContainText('needs its input');
});
