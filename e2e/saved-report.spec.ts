/** A person saves a run as a page, and somebody else opens it elsewhere. */
import { chromium, type Page } from '@playwright/test';
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { testBrowser } from './browser.ts';
import { expect, test } from './fixtures.ts';
import { seriousFaults } from './serious-faults.ts';

interface OpenedPage {
  readonly page: Page;
  /** What it asked for besides itself. */
  readonly asked: readonly string[];
}

/** The page in a browser that knows nothing of the app and is let to nothing but the file. */
async function reading<Result>(
  file: string,
  colorScheme: 'light' | 'dark',
  read: (opened: OpenedPage) => Promise<Result>,
): Promise<Result> {
  const browser = await chromium.launch({
    executablePath: testBrowser(),
    args: ['--disable-gpu', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
    timeout: 0,
  });
  try {
    const context = await browser.newContext({
      colorScheme,
      viewport: { width: 900, height: 700 },
    });
    const address = pathToFileURL(file).href;
    const asked: string[] = [];
    await context.route('**', (route) => {
      if (route.request().url() === address) return route.continue();
      asked.push(route.request().url());
      return route.abort();
    });
    const page = await context.newPage();
    await page.goto(address);
    return await read({ page, asked });
  } finally {
    await browser.close();
  }
}

test('after a profiled run the times of nodes are saved for Model Explorer, by the names of exported graphs', async ({
  app,
  page,
}) => {
  const menu = app.results.getByRole('button', { name: 'Copy or save the figures' });
  const item = page.getByRole('menuitem', { name: 'Save node times for Model Explorer' });
  await app.openPreset('Shapes LLaVA');
  await app.run();
  await menu.click();
  await expect(page.getByRole('menuitem', { name: 'Save as HTML' })).toBeVisible();
  await expect(item).toBeHidden();
  await page.keyboard.press('Escape');
  await app.results.getByRole('tab', { name: 'Operators' }).click();
  await app.results.getByRole('button', { name: 'Run with the profiler' }).click();
  await expect(app.results.getByRole('group', { name: /^Flame chart of/ })).toBeVisible();
  await expect(app.answerState).toHaveText('done');
  await menu.click();
  const download = page.waitForEvent('download');
  await item.click();
  const data: unknown = JSON.parse(await readFile(await (await download).path(), 'utf8'));
  expect(Object.keys(data as object).toSorted()).toEqual([
    'encoder',
    'language.decoder',
    'language.embed',
    'projector',
  ]);
});

test('a run saved as HTML opens without a network: stages, charts, the graph and the answer, in both schemes', async ({
  app,
  page,
}, info) => {
  await app.openPreset('Shapes LLaVA');
  await app.run();
  await app.results.getByRole('button', { name: 'Copy or save the figures' }).click();
  const download = page.waitForEvent('download');
  await page.getByRole('menuitem', { name: 'Save as HTML' }).click();
  const saved = await download;
  expect(saved.suggestedFilename()).toMatch(/^shapes-llava-.*\.html$/);
  const file = info.outputPath('report.html');
  await saved.saveAs(file);
  const answer = (await app.answer.textContent()) ?? '';

  for (const colorScheme of ['light', 'dark'] as const) {
    await reading(file, colorScheme, async ({ page: opened, asked }) => {
      const stages = opened.getByRole('table', { name: 'Stages in the order in which they run' });
      const row = stages.getByRole('row', { name: /^CLIP ViT/ });
      await expect(row).toBeVisible();
      await expect(row).toContainText(/\d\sms/);
      await expect(row.locator('svg')).toBeVisible();
      await expect(opened.getByRole('img', { name: 'The graph: 7 nodes, 6 wires' })).toBeVisible();
      await expect(opened.getByText(answer.trim(), { exact: true })).toBeVisible();
      const ground = await opened
        .locator('body')
        .evaluate((body) => getComputedStyle(body).backgroundColor);
      expect(ground).toBe(colorScheme === 'dark' ? 'rgb(22, 22, 21)' : 'rgb(246, 246, 244)');
      expect(await opened.locator('script').count()).toBe(0);
      expect(await seriousFaults(opened), colorScheme).toEqual([]);
      expect(asked).toEqual([]);
    });
  }
});
