/** The gallery as it opens, and all presets on one sheet: `npm run screens` writes gallery-*.png and presets-*.png. */
import { join } from 'node:path';
import { expect, test } from '../../e2e/fixtures.ts';

const folder = join(import.meta.dirname, '..', '..', 'docs', 'screens');

for (const theme of ['light', 'dark'] as const) {
  test(`the gallery in the ${theme} theme`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: theme });
    const presets = page.getByRole('region', { name: 'Presets' });
    const cards = presets.getByRole('article');
    const pictures = presets.locator('article > div:first-child > svg');
    await page.setViewportSize({ width: 1440, height: 900 });
    await expect(pictures.first()).toBeVisible();
    await page.screenshot({ path: join(folder, `gallery-${theme}.png`) });
    // So high that every card is in sight, and drawn.
    await page.setViewportSize({ width: 1920, height: 12_000 });
    await expect(pictures).toHaveCount(await cards.count());
    await presets.screenshot({ path: join(folder, `presets-${theme}.png`) });
  });
}
