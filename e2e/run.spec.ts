/** A person runs a graph, and reads what it answered and what it cost. */
import { readFile } from 'node:fs/promises';
import { formatBytes, formatMilliseconds, formatRate } from '#engine/contract/format.ts';
import { rowTitle } from '#engine/contract/run-event.ts';
import { expect, test } from './fixtures.ts';

test('a preset from the gallery gives a true answer, and figures that are those of its report', async ({
  app,
}) => {
  await app.openPreset('Shapes LLaVA');
  // As many passes as it takes.
  await app.setPasses(null);
  await app.run();
  await expect(app.answer).toHaveText('red');
  await expect(app.results.getByText('Random weights')).toHaveCount(0);

  const { stages, totals } = await app.report();
  expect(stages[0]?.latencyMs.runs).toBeGreaterThan(5);
  expect(stages.length).toBeGreaterThan(5);
  for (const { latencyMs, memory, ...facts } of stages) {
    const row = app.results.getByRole('row', { name: rowTitle(facts) });
    await expect(row).toContainText(formatMilliseconds(latencyMs.median));
    await expect(row).toContainText('±');
    if (latencyMs.p95 !== null) await expect(row).toContainText(formatMilliseconds(latencyMs.p95));
    await expect(row).toContainText(formatBytes(memory.peakBytes));
  }
  await expect(app.results).toContainText(formatMilliseconds(totals.timeToFirstTokenMs ?? 0));
  // The card tells the same as the table.
  const encoder = stages.find(({ node }) => node === 'encoder');
  await expect(app.card('CLIP ViT')).toContainText(
    formatMilliseconds(encoder?.latencyMs.median ?? 0),
  );

  await app.results.getByRole('button', { name: 'Copy or save the figures' }).click();
  await app.page.getByRole('menuitem', { name: 'Copy as CSV' }).click();
  await app.hasTold('Copied the stages.');
});

test('another question gets another answer, and both runs stand side by side, and are run again in turn', async ({
  app,
}) => {
  await app.openPreset('Shapes LLaVA');
  await app.run();
  await app.card('Prompt').click();
  await app.inspector.getByLabel('Prompt').fill('what colour is the triangle?');
  await app.run();
  await expect(app.answer).toHaveText('purple');

  await app.results.getByRole('tab', { name: 'Runs' }).click();
  const boxes = app.results.getByRole('checkbox');
  await expect(boxes).toHaveCount(2);
  for (const box of await boxes.all()) await box.click();
  await expect(app.results.getByRole('table', { name: /beside those of/ })).toContainText(
    /prefill.*(faster|slower|as fast)/,
  );

  await app.results.getByRole('button', { name: 'Run in turn' }).click();
  await expect(app.results.getByRole('status').getByText(/^3 rounds in turn$/)).toBeVisible();
  await app.results.getByRole('button', { name: 'All runs' }).click();
  const inTurn = app.results.getByRole('row').filter({ hasText: '3 rounds in turn' });
  await expect(inTurn.filter({ hasText: 'done' })).toHaveCount(2);
});

test('a second question about the same picture reuses what was read of it, and says so', async ({
  app,
}) => {
  await app.openPreset('Shapes LLaVA');
  const reuse = app.inspector.getByRole('switch', { name: 'Reuse what the last run read' });
  await reuse.focus();
  await app.page.keyboard.press('Space');
  await expect(reuse).toBeChecked();
  await expect(app.inspector.getByText('A run is timed once')).toBeVisible();
  await app.run();
  await expect(app.results.getByText('reused: nothing of the last run')).toBeVisible();

  await app.card('Prompt').click();
  await app.inspector.getByLabel('Prompt').fill('what colour is the triangle?');
  await app.run();
  await expect(app.answer).toHaveText('purple');
  await expect(app.results.getByRole('row', { name: /CLIP ViT/ })).toContainText('– reused');
  await expect(app.results.getByText(/reused: \d+ visual and \d+ text tokens/)).toBeVisible();
  await expect(app.card('CLIP ViT')).toContainText('reused');
});

test('random weights are said to be random wherever their words are shown', async ({ app }) => {
  await app.importFile('e2e/graphs/tiny-random.patchbay.json');
  await app.run();
  await expect(app.results.getByText('Random weights: these words mean nothing.')).toBeVisible();
  await expect(app.card('Answer')).toContainText('Random weights');
});

test('a long answer is followed line by line while it is written, and then read from its first', async ({
  app,
}) => {
  const graph = JSON.parse(await readFile('e2e/graphs/tiny-random.patchbay.json', 'utf8'));
  graph.nodes.language.params.maxNewTokens = 160;
  const buffer = Buffer.from(JSON.stringify(graph));
  await app.importFile({ name: 'long.patchbay.json', mimeType: 'application/json', buffer });
  // The words of the first pass stand there while the second one is held.
  await app.runIntoSecondPass(2);
  await expect.poll(() => app.answer.evaluate(linesAbove)).toBeGreaterThan(0);
  const above = await app.answer.evaluate(linesAbove);
  expect(above).toBeCloseTo(Math.round(above), 1);
  app.hold.release();
  await expect(app.answerState).toHaveText('done');
  await expect.poll(() => app.answer.evaluate(linesAbove)).toBe(0);
});

/** How many lines of a text are scrolled out of sight; a fraction where one is cut. */
function linesAbove(place: Element): number {
  const text = place.querySelector('p') ?? place;
  return place.scrollTop / Number.parseFloat(getComputedStyle(text).lineHeight);
}

test('two language models that read the same prompt answer apart, each with its own figures', async ({
  app,
}) => {
  await app.importFile('e2e/graphs/two-models.patchbay.json');
  await app.run();
  const { languageModels, totals } = await app.report();
  expect(languageModels.map(({ title, hasRandomWeights }) => [title, hasRandomWeights])).toEqual([
    ['Tiny random', true],
    ['Shapes', false],
  ]);
  const [tiny, shapes] = languageModels;
  expect(shapes?.answer?.text).toBe('red');
  expect(tiny?.answer?.text).not.toBe('red');
  expect(totals.timeToFirstTokenMs).toBeNull();

  for (const { title, answer, hasRandomWeights, ...speeds } of languageModels) {
    const { timeToFirstTokenMs, prefillTokensPerSecond, decodeTokensPerSecond } = speeds;
    const part = app.answerOf(title);
    await expect(part).toContainText(answer?.text ?? '');
    await expect(part).toContainText(
      `${formatMilliseconds(timeToFirstTokenMs ?? 0)} to first token`,
    );
    await expect(part).toContainText(
      `prefill ${formatRate(prefillTokensPerSecond ?? 0)} tokens / s`,
    );
    await expect(part).toContainText(`${formatRate(decodeTokensPerSecond ?? 0)} tokens / s`);
    await expect(part.getByText('Random weights')).toHaveCount(hasRandomWeights ? 1 : 0);
    await expect(app.card(title)).toContainText(`${formatRate(decodeTokensPerSecond ?? 0)} tok/s`);
    // The card shows the words of the model that is wired to it.
    const card = app.card(`Answer of ${title}`);
    await expect(card).toContainText(answer?.text ?? '');
    await expect(card.getByText('Random weights')).toHaveCount(hasRandomWeights ? 1 : 0);
  }

  await app.card('Tiny random').click();
  const measured = app.inspector.getByRole('region', { name: 'Measured' });
  await expect(measured).toContainText(formatMilliseconds(tiny?.timeToFirstTokenMs ?? 0));
  await expect(measured).toContainText('KV cache');
  await app.results.getByRole('tab', { name: 'Runs' }).click();
  const row = app.results.getByRole('row', { name: /^Tiny random/ });
  await expect(row).toContainText(formatRate(tiny?.decodeTokensPerSecond ?? 0));
});

test('a run up to a node stops there', async ({ app }) => {
  await app.openPreset('Shapes LLaVA');
  await app.card('MLP projector').click();
  await app.page.keyboard.press('Control+Shift+Enter');
  await expect(app.results.getByRole('row', { name: 'MLP projector' })).toContainText('ms');
  const { stages } = await app.report();
  expect(stages.map(({ node }) => node)).toEqual(['image', 'preprocess', 'encoder', 'projector']);
});

test('a run that is cancelled in the middle keeps what it measured, and the next one runs', async ({
  app,
}) => {
  await app.openPreset('Shapes LLaVA');
  await app.runIntoSecondPass(3);
  const cancelled = app.page.waitForResponse(/\/rpc\/cancelRun/);
  await app.cancelButton.click();
  await cancelled;
  app.hold.release();
  await expect(app.results).toContainText(/cancelled/i);
  await expect(app.results.getByRole('row', { name: 'CLIP ViT' })).toContainText('ms');

  await app.setPasses(1);
  await app.run();
  await expect(app.answer).toHaveText('red');
});

test('of a run that is cancelled before a word was written, card and results say the same', async ({
  app,
}) => {
  await app.openPreset('Shapes LLaVA');
  await expect(app.card('Answer')).toContainText('Run the graph');
  app.hold.at({ type: 'stage-progress', phase: 'running', run: 1 });
  await app.runButton.click();
  await app.hold.isHeld();
  await expect(app.card('Answer')).toContainText('Not a word yet.');
  const cancelled = app.page.waitForResponse(/\/rpc\/cancelRun/);
  await app.cancelButton.click();
  await cancelled;
  app.hold.release();
  await expect(app.answerState).toHaveText('cancelled');
  await expect(app.answer).toHaveText('The run ended before a word was written.');
  await expect(app.card('Answer')).toContainText('The run ended before a word was written.');
});

test('an engine process that is killed takes nothing along: where it was is named, the graph is there, the next run runs', async ({
  app,
}) => {
  await app.openPreset('Shapes LLaVA');
  await app.runIntoSecondPass(3);
  process.kill(await app.engineProcessId(), 'SIGKILL');
  await expect(app.results.getByRole('alert')).toContainText(
    /The engine process ended (after pass 1|while .+ was running)/,
  );
  await expect(app.card('CLIP ViT')).toBeVisible();

  await app.setPasses(1);
  await app.run();
  await expect(app.answer).toHaveText('red');
});

test('a page that is loaded again during a run sees it finish', async ({ app }) => {
  await app.openPreset('Shapes LLaVA');
  // Something unsaved, so that the graph is back after the reload.
  await app.card('Prompt').click();
  await app.inspector.getByLabel('Prompt').fill('what shape is at the bottom?');
  await app.canvas.click({ position: { x: 5, y: 5 } });
  await app.hasDraft('what shape is at the bottom?');
  await app.runIntoSecondPass(3);

  await app.page.reload();
  await expect(app.cancelButton).toBeVisible();
  app.hold.release();
  await expect(app.runButton).toBeVisible();
  await expect(app.answer).toHaveText('square');
  expect((await app.report()).stages[0]?.latencyMs.runs).toBe(3);
});
