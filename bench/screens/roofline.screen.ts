/** Stages of a profiled run, and the operators of one, under the machine's roofs: `npm run screens` writes roofline-*.png. */
import { join } from 'node:path';
import { expect, test } from '../../e2e/fixtures.ts';

const folder = join(import.meta.dirname, '..', '..', 'docs', 'screens');

for (const theme of ['light', 'dark'] as const) {
  test(`the roofline in the ${theme} theme`, async ({ app, page }) => {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width: 1440, height: 900 });
    await app.openPreset('Shapes LLaVA');
    await app.profile();
    await app.results.getByRole('tab', { name: 'Roofline' }).click();
    await app.calibrate();
    await expect(app.results.getByRole('group', { name: /^Roofline of/ })).toBeVisible();
    await app.raiseResults(260);
    await page.screenshot({ path: join(folder, `roofline-${theme}.png`) });
  });
}
