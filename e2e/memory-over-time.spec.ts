/** A person looks at what a run held over time. */
import { expect, test } from './fixtures.ts';

test('a run shows what the engine held over time: told at the cursor, by key and by pointer, for the whole and for its passes', async ({
  app,
  page,
}) => {
  await app.openPreset('Shapes LLaVA');
  await app.run();
  await app.results.getByRole('tab', { name: 'Memory' }).click();
  const chart = app.results.getByRole('slider', { name: 'Memory over time' });
  await expect(chart).toBeVisible();
  await expect(chart).toHaveAccessibleDescription(
    /^The engine held .*It held most at .*: .*At the end: weights /,
  );
  const moments = (await app.report()).memoryOverTime;
  await expect(chart).toHaveAttribute('aria-valuemax', String(moments.length - 1));

  await chart.focus();
  await page.keyboard.press('Home');
  await expect(chart).toHaveAttribute('aria-valuenow', '0');
  await expect(chart).toHaveAttribute('aria-valuetext', /^[\d.]+\s*ms · [\d.]+\s*[MG]B resident$/);
  await page.keyboard.press('ArrowRight');
  await expect(chart).toHaveAttribute('aria-valuenow', '1');
  await page.keyboard.press('End');
  await expect(chart).toHaveAttribute('aria-valuetext', /resident · weights .* · KV cache /);

  // Shortly behind the moment that the longest pause follows.
  const times = moments.map(({ atMs }) => atMs);
  const pauses = times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));
  const pauseMs = Math.max(...pauses);
  const before = times[pauses.indexOf(pauseMs)] ?? 0;
  const rangeMs = (times.at(-1) ?? 0) - (times[0] ?? 0);
  const { x, y, width, height } = await app.placeOf(chart);
  const share = (before + pauseMs / 4 - (times[0] ?? 0)) / rangeMs;
  await page.mouse.move(x + share * width, y + height / 2);
  await expect
    .poll(async () => times[Number(await chart.getAttribute('aria-valuenow'))])
    .toBe(before);

  await app.results.getByRole('radio', { name: 'Timed passes' }).check();
  const first = moments.findIndex(({ phase }) => phase === 'running');
  await expect(chart).toHaveAttribute('aria-valuemax', String(moments.length - 1 - first));
  await chart.focus();
  await page.keyboard.press('Home');
  const encoder = moments.slice(first).findIndex(({ stage }) => stage === 'encoder');
  for (let step = 0; step < encoder; step++) await page.keyboard.press('ArrowRight');
  await expect(chart).toHaveAttribute('aria-valuetext', /· CLIP ViT · running · /);
});
