/** A person sets limits, and picks a machine that is not here. */
import { expect, test } from './fixtures.ts';

test('a limit that a graph breaks is shown at once, with by how much and by which card, until it is kept', async ({
  app,
  page,
}) => {
  await app.openPreset('Shapes LLaVA');
  const { totals } = app;
  await expect(totals).toContainText('params');
  const panel = await app.openLimits();
  const peak = panel.getByLabel('Most memory, in MB');
  await peak.fill('12');
  const broken = /Memory [\d.]+\sMB over \([\d.\s]+×\)/;
  await expect(totals).toContainText(broken);
  await expect(panel).toContainText(
    /[\d.]+\sMB over \([\d.\s]+×\); \d+\s% of it is Language model\./,
  );
  await totals.click();
  await expect(panel).toBeHidden();
  await expect(app.card('Language model')).toContainText(/\d+\s% of memory/);
  await expect(app.card('CLIP ViT')).not.toContainText('of memory');

  // Limits belong to this machine and to no graph.
  await app.hasKept('"peakBytes":12000000');
  await page.reload();
  await app.isReady();
  await expect(totals).toContainText(broken);

  for (const title of ['Language model', 'CLIP ViT']) {
    await app.card(title).click();
    const precision = app.inspector.getByRole('radiogroup', { name: 'Precision' });
    await precision.getByRole('radio', { name: 'int4' }).check();
  }
  await expect(totals).not.toContainText('over');
  await expect(app.card('Language model')).not.toContainText('of memory');
});

test('a limit has to be a number above nothing, and an empty one asks for nothing', async ({
  app,
}) => {
  await app.openPreset('Shapes LLaVA');
  const panel = await app.openLimits();
  const parameters = panel.getByLabel('Most parameters, in M');
  await parameters.fill('1');
  await expect(app.totals).toContainText(/Parameters [\d.]+\sM over/);
  await parameters.fill('many');
  await expect(panel).toContainText('Parameters must be a number from 0.001');
  // What was taken last goes on being asked for.
  await expect(app.totals).toContainText('over');
  await parameters.fill('');
  await expect(app.totals).not.toContainText('over');
});

test('estimates for a described machine are marked with its name, and say what would make a graph fit', async ({
  app,
  page,
}) => {
  await app.openPreset('LLaVA-NeXT 7B');
  const panel = await app.openLimits();
  await expect(panel).toContainText('How fast this machine is has not been measured');
  await panel.getByRole('combobox', { name: 'Estimate for' }).click();
  await page.getByRole('option', { name: /^Raspberry Pi 5, 8 GB/ }).click();
  await expect(panel).toContainText('Estimate for Raspberry Pi 5, 8 GB');
  await expect(app.totals).toContainText('Raspberry Pi 5, 8 GB');
  await expect(app.totals).toContainText(/Needs [\d.]+\sGB of 8\.59\sGB/);
  const changes = panel.getByRole('list', { name: 'What would save memory' });
  await expect(changes).toContainText(
    /Keys and values in int8 in place of float32\s*−[\d.]+\sGB, fits/,
  );
  const firstToken = panel.getByRole('row', { name: /^Time to first token/ });
  await expect(firstToken).toContainText(/[\d.]+\s(ms|s)/);
  await panel.getByRole('button', { name: 'What it is reckoned from' }).click();
  await expect(panel).toContainText('4 cores × 2.4 GHz × 16 = 153.6 GFLOP/s');

  await panel.getByLabel('Most time to first token, in ms').fill('10');
  await expect(app.totals).toContainText(/Time to first token [\d.]+\sm?s over/);
  await app.hasKept('"timeToFirstTokenMs":10');
  await page.reload();
  await app.isReady();
  await expect(app.totals).toContainText('Raspberry Pi 5, 8 GB');
});
