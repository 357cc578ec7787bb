/** Who gets in: the window that a person opened, and nobody who only shares its machine or its browser. */
import { once } from 'node:events';
import { createServer, request, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeLaunchFile } from '../electron/start/launch-file.ts';
import { expect, test } from './fixtures.ts';

/** Another program of this machine that serves pages: a dev server, or someone else's. */
async function otherServer(): Promise<{
  readonly origin: string;
  readonly heard: readonly IncomingHttpHeaders[];
  close(): void;
}> {
  const heard: IncomingHttpHeaders[] = [];
  const server = createServer(({ headers }, response) => {
    heard.push(headers);
    response.setHeader('Content-Type', 'text/html').end('<p>Another page</p>');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, heard, close: () => server.close() };
}

/** Asks Patchbay for a file of the system, from outside a browser, with these headers. */
function replayed(origin: string, headers: IncomingHttpHeaders): Promise<number> {
  const { host } = new URL(origin);
  return new Promise((resolve, reject) => {
    const asked = request(`${origin}/rpc/files.openFile`, {
      method: 'POST',
      headers: { ...headers, host, 'content-type': 'application/json' },
      agent: false,
    });
    asked.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on('error', reject);
    asked.end(JSON.stringify('/etc/hostname'));
  });
}

test('a page of another local server is sent nothing that opens Patchbay', async ({
  app,
  face,
}) => {
  test.skip(face === 'electron', 'the desktop window visits no other page');
  const { origin } = new URL(app.page.url());
  const other = await otherServer();
  const stranger = await app.page.context().newPage();
  await stranger.goto(other.origin);
  await expect(stranger.getByText('Another page')).toBeVisible();
  // What the browser holds for the other page is all that its scripts could send home.
  const held = await stranger.evaluate(async (patchbay) => {
    const call = (credentials: RequestCredentials) =>
      fetch(`${patchbay}/rpc/machine`, { credentials }).then(
        ({ status }) => String(status),
        () => 'refused',
      );
    return {
      cookie: document.cookie,
      storage: JSON.stringify([sessionStorage, localStorage]),
      calls: [await call('include'), await call('omit')],
    };
  }, origin);
  expect(held).toEqual({ cookie: '', storage: '[{},{}]', calls: ['refused', 'refused'] });

  expect(other.heard.length).toBeGreaterThan(0);
  for (const headers of other.heard) expect(await replayed(origin, headers)).toBe(401);
  other.close();
});

test.describe('in a browser', () => {
  test.skip(({ face }) => face === 'electron', 'the desktop window opens itself');

  test('a window stays in over a reload, and lets a further one in', async ({ app }) => {
    expect(new URL(app.page.url()).hash).toBe('');
    await app.page.reload();
    await app.isReady();
    expect(await app.page.context().cookies()).toEqual([]);

    const opened = app.page.context().waitForEvent('page');
    await app.command('New window');
    const further = await opened;
    await expect(further.getByRole('button', { name: 'File', exact: true })).toBeVisible();
    expect(new URL(further.url()).hash).toBe('');
  });

  test('an address that was used says what to do, and the next one opens the same page', async ({
    app,
    server,
  }) => {
    const address = await server.address();
    const first = await app.page.context().newPage();
    await first.goto(address);
    await expect(first.getByRole('button', { name: 'File', exact: true })).toBeVisible();

    const second = await app.page.context().newPage();
    await second.goto(address);
    await expect(second.getByRole('heading')).toContainText('does not open Patchbay');
    await expect(second.getByText('press Enter there')).toBeVisible();
    // Pasted into the same window.
    await second.goto(await server.address());
    await expect(second.getByRole('button', { name: 'File', exact: true })).toBeVisible();
  });

  test('a file leads a browser in without the key in its arguments', async ({ app, server }) => {
    const { url, remove } = writeLaunchFile(server.folders.data, await server.address());
    const page = await app.page.context().newPage();
    await page.goto(url);
    await expect(page.getByRole('button', { name: 'File', exact: true })).toBeVisible();
    remove();
  });
});
