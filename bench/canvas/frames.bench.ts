/** How fast a graph of 300 nodes opens, and how smoothly it drags beside a bare React Flow canvas of the same size. */
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { build } from 'vite';
import react from '@vitejs/plugin-react';
import type { Page } from '@playwright/test';
import { median } from '#engine/profile/statistics.ts';
import { expect, test } from '../../e2e/fixtures.ts';
import { largeGraph } from '../../e2e/large-graph.ts';
import { temporaryFolder, removeFolder } from '../../e2e/served-app.ts';

const rounds = 9;
const address = 'http://bare.test/';
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
};

test('a graph of 300 nodes', async ({ app }) => {
  const graph = largeGraph(300);
  const { page } = app;
  const openedMs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await page.getByRole('button', { name: 'Patchbay', exact: true }).click();
    // The gallery is done with its own work, as it is when a person comes to drop a file.
    await expect(page.getByRole('button', { name: 'Open TinyLLaVA 1.5B' })).toBeVisible();
    await page.waitForLoadState('networkidle');
    openedMs.push(await page.evaluate(openByDrop, JSON.stringify(graph)));
  }

  const bare = await page.context().newPage();
  await showBare(bare, graph);
  // In turn, so that a machine that slows down slows both.
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await page.bringToFront();
    ours.push(await frameMs(page));
    await bare.bringToFront();
    theirs.push(await frameMs(bare));
  }
  const ratios = ours.map((frame, round) => frame / (theirs[round] ?? NaN));
  console.log(`medians of ${rounds} rounds, 300 nodes
opened in ${median(openedMs).toFixed(0)} ms
frame while dragging: ${median(ours).toFixed(1)} ms, bare React Flow ${median(theirs).toFixed(1)} ms, ratio ${median(ratios).toFixed(2)}`);
});

/** From the moment in which the file is dropped on the window to the frame in which its cards are drawn. */
function openByDrop(text: string): Promise<number> {
  const transfer = new DataTransfer();
  transfer.items.add(new File([text], 'large.patchbay.json'));
  const start = performance.now();
  for (const type of ['dragenter', 'dragover', 'drop'])
    document.body.dispatchEvent(
      new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }),
    );
  return new Promise((resolve) => {
    const look = (): void => {
      if (document.querySelectorAll('.react-flow__node').length === 0) requestAnimationFrame(look);
      // The frame after the one that laid them out has been painted.
      else
        requestAnimationFrame(() =>
          requestAnimationFrame(() => resolve(performance.now() - start)),
        );
    };
    look();
  });
}

async function showBare(page: Page, graph: ReturnType<typeof largeGraph>): Promise<void> {
  const folder = await temporaryFolder('bare');
  await build({
    root: join(import.meta.dirname, 'bare'),
    configFile: false,
    logLevel: 'silent',
    plugins: [react()],
    build: { outDir: folder, emptyOutDir: true },
  });
  await page.route(`${address}**`, async (route) => {
    const name = new URL(route.request().url()).pathname.slice(1) || 'index.html';
    await route.fulfill({
      body: await readFile(join(folder, name)),
      contentType: types[extname(name)] ?? 'application/octet-stream',
    });
  });
  const nodes = Object.entries(graph.layout).map(([id, { x, y }]) => ({ id, x, y }));
  const edges = graph.edges.map(({ from, to }) => ({ source: from.node, target: to.node }));
  await page.addInitScript(
    (shape) => {
      Object.assign(globalThis, { bareShape: shape });
    },
    { nodes, edges },
  );
  await page.goto(address);
  await page.locator('.react-flow__node').first().waitFor();
  await removeFolder(folder);
}

/** Mean time from frame to frame while a card in the middle is dragged about. */
async function frameMs(page: Page): Promise<number> {
  const cards = page.locator('.react-flow__node');
  const box = await cards.nth(Math.floor((await cards.count()) / 2)).boundingBox();
  if (!box) throw new Error('There is no card to drag.');
  const [x, y] = [box.x + box.width / 2, box.y + Math.min(6, box.height / 4)];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.evaluate(() => {
    const times: number[] = [];
    const tick = (now: number): void => {
      times.push(now);
      requestAnimationFrame(tick);
    };
    Object.assign(globalThis, { frameTimes: times });
    requestAnimationFrame(tick);
  });
  for (let turn = 0; turn < 90; turn++) {
    const angle = (turn / 90) * 4 * Math.PI;
    await page.mouse.move(x + 60 * Math.sin(angle), y + 40 * (1 - Math.cos(angle)));
  }
  await page.mouse.move(x, y);
  const times = await page.evaluate(() =>
    (globalThis as unknown as { frameTimes: number[] }).frameTimes.slice(),
  );
  await page.mouse.up();
  return ((times.at(-1) ?? 0) - (times[0] ?? 0)) / (times.length - 1);
}
