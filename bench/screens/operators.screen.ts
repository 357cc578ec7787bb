/**
 * The operators of a profiled run, and of two side by side: `npm run screens` writes operators-*.png and
 * operator-comparison-*.png.
 */
import { join } from 'node:path';
import { expect, test } from '../../e2e/fixtures.ts';

const folder = join(import.meta.dirname, '..', '..', 'docs', 'screens');

for (const theme of ['light', 'dark'] as const) {
  test(`operators in the ${theme} theme`, async ({ app, page }) => {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width: 1440, height: 900 });
    await app.openPreset('Shapes LLaVA');
    await app.profile();
    await page.screenshot({ path: join(folder, `operators-${theme}.png`) });

    await app.card('Prompt').click();
    await app.inspector.getByLabel('Prompt', { exact: true }).fill('is there a ring?');
    await app.profile();
    await app.results.getByRole('tab', { name: 'Runs' }).click();
    const compare = app.results.getByRole('checkbox', { name: /^Compare the run of/ });
    await compare.nth(0).check();
    await compare.nth(2).click();
    const operators = app.results.getByRole('region', { name: 'Operators of both runs' });
    await expect(operators.getByRole('table')).toBeVisible();
    await app.raiseResults(260);
    await operators.scrollIntoViewIfNeeded();
    await page.screenshot({ path: join(folder, `operator-comparison-${theme}.png`) });
  });
}
