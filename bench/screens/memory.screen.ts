/** What a run held over time: `npm run screens` writes memory-over-time-*.png. */
import { join } from 'node:path';
import { expect, test } from '../../e2e/fixtures.ts';

const folder = join(import.meta.dirname, '..', '..', 'docs', 'screens');

for (const theme of ['light', 'dark'] as const) {
  test(`memory over time in the ${theme} theme`, async ({ app, page }) => {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width: 1440, height: 900 });
    await app.openPreset('Shapes LLaVA');
    await app.run();
    await app.results.getByRole('tab', { name: 'Memory' }).click();
    const chart = app.results.getByRole('slider', { name: 'Memory over time' });
    await expect(chart).toBeVisible();
    await app.raiseResults(220);
    await app.results.getByRole('radio', { name: 'Timed passes' }).check();
    await page.screenshot({ path: join(folder, `memory-over-time-${theme}.png`) });
  });
}
