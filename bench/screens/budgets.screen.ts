/** Limits of a described machine, and the cards that break them: `npm run screens` writes budgets-*.png. */
import { join } from 'node:path';
import { expect, test } from '../../e2e/fixtures.ts';

const folder = join(import.meta.dirname, '..', '..', 'docs', 'screens');

const sizes = [
  { name: 'light', theme: 'light', width: 1440, height: 900 },
  { name: 'dark', theme: 'dark', width: 1440, height: 900 },
  { name: 'dark-1280x800', theme: 'dark', width: 1280, height: 800 },
  { name: 'light-2560x1440', theme: 'light', width: 2560, height: 1440 },
] as const;

for (const { name, theme, width, height } of sizes) {
  test(`limits of a phone, ${name}`, async ({ app, page }) => {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width, height });
    await app.openPreset('LLaVA-NeXT 7B');
    const panel = await app.openLimits();
    await panel.getByRole('combobox', { name: 'Estimate for' }).click();
    await page.getByRole('option', { name: /^Pixel 8, 8 GB/ }).click();
    await panel.getByLabel('Most time to first token, in ms').fill('5000');
    await panel.getByLabel('Least tokens per second, in tok/s').fill('5');
    await panel.getByLabel('Most memory, in MB').fill('8000');
    await expect(panel.getByRole('list', { name: 'What would save memory' })).toBeVisible();
    await expect(app.card('Language model')).toContainText('of time to first token');
    await page.screenshot({ path: join(folder, `budgets-${name}.png`) });
  });
}
