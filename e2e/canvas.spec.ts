/** A person draws: drops nodes, wires them, is refused and helped, plugs parts in, takes it back. */
import { expect, test } from './fixtures.ts';
import { toldMessages } from './messages.ts';

test('a wrong wire is refused with its reason at the pointer, and the mended graph runs again', async ({
  app,
}) => {
  const { page } = app;
  await app.openPreset('Shapes LLaVA');
  await page
    .getByRole('region', { name: 'Palette' })
    .getByRole('button', { name: 'Average pooling', exact: true })
    .dragTo(app.canvas, { targetPosition: { x: 420, y: 260 } });
  await expect(app.card('Average pooling')).toContainText('needs its input');

  // Pixels are no visual tokens.
  await app.drag(
    app.port('Pixels, output of Preprocess'),
    app.port('Visual tokens, input of Average pooling'),
  );
  const reason = page.getByText(/takes visual tokens.*gives pixels/i).first();
  await expect(reason).toBeVisible();
  await page.mouse.up();
  await expect(page.getByRole('group', { name: /^Average pooling.*problem/ })).toBeVisible();

  await app.drag(
    app.port('Visual tokens, output of CLIP ViT'),
    app.port('Visual tokens, input of Average pooling'),
  );
  await page.mouse.up();
  // The projector's one input takes the new wire in place of the old.
  await app.drag(
    app.port('Pooled tokens, output of Average pooling'),
    app.port('Visual tokens, input of MLP projector'),
  );
  await page.mouse.up();
  await expect(app.card('MLP projector')).toContainText('36');
  await app.run();
  expect((await app.report()).stages.map(({ node }) => node)).toContain('average-pool');
  // What the pointer has said is not said again.
  expect(await toldMessages(page)).not.toMatch(/takes visual tokens/i);
});

test('an empty graph has nothing to run, and so has a second one', async ({ app }) => {
  await app.command('New');
  await app.results.getByRole('tab', { name: 'Problems' }).click();
  const nothing = app.results.getByText(
    'The graph has nothing to run; add nodes, or start from a preset.',
  );
  await expect(nothing).toBeVisible();
  await app.command('New');
  await expect(app.page.getByRole('button', { name: 'Close Untitled' })).toHaveCount(2);
  await expect(nothing).toBeVisible();
});

test('a mismatched width says which number to set, and one press sets it', async ({ app }) => {
  await app.importFile('e2e/graphs/mismatch.patchbay.json');
  await app.results.getByRole('tab', { name: 'Problems' }).click();
  const problem = app.results.getByRole('listitem').filter({ hasText: '64' }).first();
  await expect(problem).toContainText(/set .* to 64/);
  await problem.getByRole('button', { name: /^Set/ }).click();
  await expect(app.results.getByText('No problems: the graph can run.')).toBeVisible();
});

test('FastV plugged in: fewer tokens, less to reckon in the prefill, and room for more parts', async ({
  app,
}) => {
  await app.importFile('e2e/graphs/tiny-random.patchbay.json');
  await app.run();
  const before = await app.report();

  await app.card('Language model').click();
  await app.page
    .getByRole('region', { name: 'Palette' })
    .getByRole('button', { name: 'FastV', exact: true })
    .press('Enter');
  await expect(app.card('Language model')).toContainText('FastV');
  await app.run();
  const after = await app.report();
  const prefill = ({ stages }: typeof after) => stages.find(({ phase }) => phase === 'prefill');
  expect(prefill(before)).toMatchObject({ tokensIn: 581, tokensOut: 581 });
  expect(prefill(after)).toMatchObject({ tokensIn: 581, tokensOut: 581 - 288 });
  expect(prefill(after)?.flops).toBeLessThan(prefill(before)?.flops ?? 0);

  // A further part joins the one that is there; what changes weights has a socket of its own.
  for (const name of ['VTW', 'LoRA adapter']) {
    await app.card('Language model').click();
    await app.page
      .getByRole('region', { name: 'Palette' })
      .getByRole('button', { name, exact: true })
      .press('Enter');
  }
  await expect(app.card('Language model')).toContainText(/FastV.*VTW.*LoRA adapter/);
});

test('a drag is one step: undo takes it back whole, redo does it again', async ({ app }) => {
  const { page } = app;
  await app.openPreset('Shapes LLaVA');
  const card = app.card('Prompt');
  const home = await app.placeOf(card);
  await card.hover({ position: { x: 60, y: 15 } });
  await page.mouse.down();
  await page.mouse.move(home.x + 100, home.y + 60, { steps: 8 });
  await page.mouse.up();
  const moved = await app.placeOf(card);
  expect(moved.x).not.toBe(home.x);

  await page.keyboard.press('Control+z');
  await expect.poll(() => card.boundingBox()).toEqual(home);
  await page.keyboard.press('Control+Shift+z');
  await expect.poll(() => card.boundingBox()).toEqual(moved);
});

test('nodes are copied, pasted, deleted, and all of it is undone, by keyboard', async ({ app }) => {
  const { page } = app;
  await app.openPreset('Shapes LLaVA');
  const cards = app.canvas.locator('.react-flow__node');
  await expect(cards).toHaveCount(7);
  await app.card('MLP projector').click();
  await page.keyboard.press('Control+c');
  await page.keyboard.press('Control+v');
  await expect(cards).toHaveCount(8);
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Delete');
  await expect(cards).toHaveCount(0);
  await expect(app.canvas).toContainText(/drag a node|preset/i);
  await page.keyboard.press('Control+z');
  await expect(cards).toHaveCount(8);
  await page.keyboard.press('Control+z');
  await expect(cards).toHaveCount(7);
});

test('two ports are wired by keyboard alone', async ({ app }) => {
  const { page } = app;
  await app.openPreset('Shapes LLaVA');
  await page.keyboard.press('/');
  await expect(page.getByRole('region', { name: 'Palette' }).getByRole('searchbox')).toBeFocused();
  await page.keyboard.type('average');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(app.card('Average pooling')).toBeVisible();

  await app.port('Visual tokens, input of Average pooling').focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: /^Connect Visual tokens/ });
  await expect(dialog).toBeVisible();
  // What does not fit says why.
  await expect(dialog.getByRole('button', { name: /Preprocess/ })).toBeDisabled();
  await expect(dialog.getByLabel('Search ports')).toBeFocused();
  await page.keyboard.type('clip');
  await page.keyboard.press('Enter');
  await expect(dialog).toBeHidden();
  await expect(
    app.canvas.getByRole('button', { name: /wire/i }).or(app.card('Average pooling')).first(),
  ).toBeVisible();
  await expect(app.card('Average pooling')).toContainText('36');
});

test('the first node dropped on an empty canvas lies under the pointer, and nothing on the canvas is marked by a double click', async ({
  app,
}) => {
  const { page } = app;
  await app.command('New');
  await expect(app.canvas).toContainText('Nothing is wired yet');
  const place = await app.placeOf(app.canvas);
  const pointer = { x: 140, y: 120 };
  await page
    .getByRole('region', { name: 'Palette' })
    .getByRole('button', { name: 'Average pooling', exact: true })
    .dragTo(app.canvas, { targetPosition: pointer });
  const card = await app.placeOf(app.card('Average pooling'));
  // At its true size, with its head where the pointer let go.
  expect(card.width).toBe(208);
  expect(Math.abs(card.x + card.width / 2 - place.x - pointer.x)).toBeLessThanOrEqual(8);
  expect(Math.abs(card.y + 18 - place.y - pointer.y)).toBeLessThanOrEqual(8);

  await page.mouse.dblclick(place.x + place.width - 60, place.y + 60);
  expect(await page.evaluate(() => window.getSelection()?.toString())).toBe('');
});

test('a marquee begins on a wire as it does beside one, and a click there selects the wire', async ({
  app,
}) => {
  const { page } = app;
  await app.openPreset('Shapes LLaVA');
  const selected = app.canvas.locator('.react-flow__node.selected');
  const wire = app.canvas.getByRole('group', { name: /^CLIP ViT to MLP projector/ });
  const line = await wire.locator('path').first().evaluate(middleOfLine);

  await page.mouse.move(line.x, line.y);
  await page.mouse.down();
  const card = await app.placeOf(app.card('Language model'));
  await page.mouse.move(card.x + card.width / 2, card.y + card.height / 2, { steps: 6 });
  await page.mouse.up();
  await expect(selected).not.toHaveCount(0);
  await expect(app.card('Language model')).toHaveClass(/selected/);

  await page.keyboard.press('Escape');
  await expect(selected).toHaveCount(0);
  await page.mouse.click(line.x, line.y);
  await page.keyboard.press('Delete');
  await expect(wire).toHaveCount(0);
  await expect(app.canvas.locator('.react-flow__node')).toHaveCount(7);
});

/** Where a wire is half way, on the screen. */
function middleOfLine(path: SVGElement): { x: number; y: number } {
  if (!(path instanceof SVGPathElement)) throw new Error('A wire is drawn as a path.');
  const middle = path.getPointAtLength(path.getTotalLength() / 2);
  const { x, y } = middle.matrixTransform(path.getScreenCTM() ?? undefined);
  return { x, y };
}

test('the view keeps still for a node that is in it, and goes no further than it must for one that is not', async ({
  app,
}) => {
  const { page } = app;
  await app.openPreset('Shapes LLaVA');
  const [image, encoder] = [app.card('Image'), app.card('CLIP ViT')];
  const before = await app.placeOf(image);
  await app.card('Preprocess').click();
  await app.inspector.getByRole('button', { name: 'To CLIP ViT' }).click();
  await expect(encoder).toBeFocused();
  expect(await image.boundingBox()).toEqual(before);

  // The graph fills the view, so a further node needs room beside it; the graph is not lost for it.
  await page.keyboard.press('/');
  await page.keyboard.type('average');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(app.card('Average pooling')).toBeInViewport({ ratio: 0.99 });
  for (const title of ['Image', 'CLIP ViT', 'Language model', 'Answer'])
    await expect(app.card(title)).toBeInViewport();
});

test('what a wire says is read beside the cards, and a picture is seen whole', async ({ app }) => {
  await app.openPreset('LLaVA-1.5 7B with PruMerge');
  const labels = app.canvas.locator('.react-flow__edge text');
  await expect(labels.first()).toBeVisible();
  const covered = await labels.evaluateAll((texts) => {
    const cards = [...document.querySelectorAll('.react-flow__node')];
    const boxes = cards.map((card) => card.getBoundingClientRect());
    return texts
      .filter((text) => {
        const { left, right, top, bottom } = text.getBoundingClientRect();
        return boxes.some(
          (box) => left < box.right && box.left < right && top < box.bottom && box.top < bottom,
        );
      })
      .map((text) => text.textContent);
  });
  expect(covered).toEqual([]);
  const picture = app.card('Image').locator('img');
  await expect(picture).toHaveCSS('object-fit', 'contain');
});
