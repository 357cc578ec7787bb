/** Dragging a card redraws that card and its wires, however many others there are. How long it takes: bench/canvas. */
import type { Page } from '@playwright/test';
import { quantile } from '#engine/profile/statistics.ts';
import type { App } from './app.ts';
import { expect, test } from './fixtures.ts';
import { largeGraph } from './large-graph.ts';

test('a drag among 300 nodes redraws no more than a drag among 150', async ({ app }) => {
  await app.page.addInitScript(countRenders);
  await app.page.reload();
  await app.isReady();
  const among150 = await rendersOfDrag(app, 150);
  const among300 = await rendersOfDrag(app, 300);
  expect(among150).toBeGreaterThan(0);
  // All cards would be twice as many.
  expect(among300).toBeLessThan(1.5 * among150);
});

/** How many components are rendered anew with one step of a drag. */
async function rendersOfDrag(app: App, nodeCount: number): Promise<number> {
  const { page } = app;
  const buffer = Buffer.from(JSON.stringify(largeGraph(nodeCount)));
  const name = `${nodeCount}.patchbay.json`;
  await app.importFile({ name, mimeType: 'application/json', buffer });
  const cards = app.canvas.locator('.react-flow__node');
  await expect(cards).toHaveCount(nodeCount);
  const { x, y, width, height } = await app.placeOf(cards.nth(nodeCount / 2));
  await page.mouse.move(x + width / 2, y + Math.min(6, height / 4));
  await page.mouse.down();
  // What takes hold of a card selects it, and redraws the inspector.
  await page.mouse.move(x + width / 2 + 10, y + 20);
  const before = (await rendersOfCommits(page)).length;
  for (let step = 0; step < 40; step++) await page.mouse.move(x + 20 + step, y + 20 + step);
  const counts = (await rendersOfCommits(page)).slice(before);
  await page.mouse.up();
  // Now and then a change has another cause, such as an estimate that has come.
  return quantile(counts, 0.8);
}

declare global {
  interface Window {
    /** For each time that React changed the page, how many components it had rendered. */
    rendersOfCommits?: number[];
  }
}

const rendersOfCommits = (page: Page): Promise<readonly number[]> =>
  page.evaluate(() => window.rendersOfCommits ?? []);

/** What React keeps of a component, as far as its developer tools and we look at it. */
interface Fiber {
  readonly flags: number;
  /** Itself before the change; null where it is new. */
  readonly alternate: Fiber | null;
  readonly child: Fiber | null;
  readonly sibling: Fiber | null;
  readonly type: unknown;
}

/** Takes the place of React's developer tools, which hear of every change also from a page built for production. */
function countRenders(): void {
  const performedWork = 1;
  const commits: number[] = [];
  window.rendersOfCommits = commits;
  const rendersIn = (fiber: Fiber): number => {
    const before = fiber.alternate;
    const isComponent = typeof fiber.type === 'function' || typeof fiber.type === 'object';
    let count = isComponent && (before === null || (fiber.flags & performedWork) !== 0) ? 1 : 0;
    // The same children as before: nothing below was looked at.
    if (fiber.child === before?.child) return count;
    for (let child = fiber.child; child; child = child.sibling) count += rendersIn(child);
    return count;
  };
  Object.assign(window, {
    __REACT_DEVTOOLS_GLOBAL_HOOK__: {
      supportsFiber: true,
      inject: () => 1,
      onCommitFiberRoot: (_: number, { current }: { readonly current: Fiber }) =>
        void commits.push(rendersIn(current)),
      onCommitFiberUnmount: () => undefined,
      onPostCommitFiberRoot: () => undefined,
    },
  });
}
