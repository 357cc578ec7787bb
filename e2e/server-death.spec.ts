/** The engine server dies under an open window: the window says so by itself, loses nothing, and comes back. */
import { expect, test } from './fixtures.ts';

test.skip(({ face }) => face === 'electron', 'the desktop app starts its server again by itself');

test('a server that dies is told of at once, and unsaved work goes on with the next', async ({
  app,
  server,
}) => {
  const { page } = app;
  const port = Number(new URL(page.url()).port);
  await app.openPreset('Shapes LLaVA');
  const lost = page.getByRole('alert');
  await expect(lost).toBeHidden();
  await server.kill();
  // Nobody has touched the window.
  await expect(lost).toContainText('The engine server has ended.');
  await expect(lost).toContainText(`npx patchbay serve --port ${port}`);

  await app.card('Prompt').click();
  await app.inspector.getByLabel('Prompt').fill('What was asked while nobody answered?');

  await server.start(port);
  await expect(lost).toContainText('was started anew');
  // What was changed meanwhile lies nowhere but here, so the window is not left without a question.
  const goes = (): boolean => window.dispatchEvent(new Event('beforeunload', { cancelable: true }));
  expect(await page.evaluate(goes)).toBe(false);
  // Its address opens another window, and this one goes on as well.
  const another = await page.context().newPage();
  await another.goto(await server.address());
  await expect(lost).toBeHidden();
  await app.hasTold('The engine server answers again.');
  await app.hasDraft('What was asked while nobody answered?');
  await app.run();
});

test('a server that cannot be reached for a while finds its window as it was', async ({ app }) => {
  const { page } = app;
  await app.openPreset('Shapes LLaVA');
  await page.route('**/session', (route) => route.abort('connectionrefused'));
  await expect(page.getByRole('alert')).toContainText('The engine server has ended.');
  await page.unroute('**/session');
  await expect(page.getByRole('alert')).toBeHidden();
  await app.run();
});
