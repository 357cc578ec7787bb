/** A person has the machine measured and reads what bounds the stages of a run. */
import { expect, test } from './fixtures.ts';

test('a machine is measured once, and then every stage lies under its roof with a sentence on what bounds it', async ({
  app,
  page,
}) => {
  await app.openPreset('Shapes LLaVA');
  await app.run();
  await app.results.getByRole('tab', { name: 'Roofline' }).click();
  await expect(app.results).toContainText('This machine has not been measured');
  await app.calibrate();

  const list = app.results.getByRole('list', { name: 'What bounds the stages' });
  const decoder = list.getByRole('listitem').filter({ hasText: 'decode' });
  await expect(decoder).toContainText(
    /(Reads|Does|Starts|Reaches) .+: bound by (memory|the processor’s caches, in which it lies|arithmetic|launches|neither); .+\.$/,
  );
  const chart = app.results.getByRole('group', { name: /^Roofline of Shapes LLaVA/ });
  const point = chart.getByRole('button', { name: /^Language model · decode/ });
  const figures =
    /decode · [\d.]+ FLOP\/B · [\d.]+\s[MGT]FLOP\/s of [\d.]+\s[MGT]FLOP\/s · [\d.]+\s[kMG]B\/s$/;
  await expect(point).toHaveAccessibleName(figures);
  const told = app.results.getByRole('figure');
  await chart.getByRole('button', { name: /^CLIP ViT/ }).focus();
  await expect(told).toContainText(/CLIP ViT · [\d.]+ FLOP\/B/);
  await point.hover();
  await expect(told).toContainText(figures);
  await point.focus();
  // A token reads every weight for two operations, so it lies leftmost.
  await page.keyboard.press('ArrowRight');
  await expect(chart.locator(':focus')).toHaveAccessibleName(/FLOP\/B/);
  await expect(chart.locator(':focus')).not.toHaveAccessibleName(/decode/);

  await page.reload();
  await app.isReady();
  await app.results.getByRole('tab', { name: 'Roofline' }).click();
  await expect(app.results.getByText(/^This machine, measured/)).toBeVisible();
  await expect(decoder).toContainText('bound by');
});

test('operators of a profiled run are points beside those of the stages', async ({ app, page }) => {
  await app.openPreset('Shapes LLaVA');
  await app.profile();
  await app.results.getByRole('tab', { name: 'Roofline' }).click();
  await app.calibrate();

  // Of the stage that takes the longest, where no other is chosen.
  const chart = app.results.getByRole('group', { name: /^Roofline of/ });
  const operator = chart.getByRole('button', { name: / of the time$/ }).first();
  await expect(operator).toHaveAccessibleName(/ · [\d.]+ FLOP\/B · /);
  await app.results.getByRole('combobox', { name: 'Stage whose operators are shown' }).click();
  await page.getByRole('option', { name: /^CLIP ViT/ }).click();
  // Either may take all of the time that counts where the profile was disturbed; the decoder attends by another operator.
  const ofEncoder = /^layers\.\d+.* (FusedMatMul|MultiHeadAttention) .* of the time$/;
  await expect(chart.getByRole('button', { name: ofEncoder }).first()).toBeVisible();
});

test('a measurement can be cancelled, and says in place why it came to nothing', async ({
  app,
}) => {
  await app.openPreset('Shapes LLaVA');
  await app.run();
  await app.results.getByRole('tab', { name: 'Roofline' }).click();
  await app.measuringFor({ secondsAtMost: 60 });
  const measure = app.results.getByRole('button', { name: /^Measure this machine/ });
  await measure.click();
  await expect(
    app.results.getByRole('progressbar', { name: 'Measuring this machine' }),
  ).toBeVisible();
  await app.results.getByRole('button', { name: 'Cancel measuring' }).click();
  await expect(measure).toBeVisible();

  // The browser alone is one program too many.
  await app.measuringFor({ secondsAtMost: 1, othersShareAtMost: 0 });
  await measure.click();
  await expect(app.results.getByRole('alert')).toContainText(
    /^Other programs took \d+% of the processors/,
  );
  await expect(measure).toBeVisible();
});
