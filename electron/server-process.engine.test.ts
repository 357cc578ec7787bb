/** The server's process as the app starts it, bundled and forked, with all that it serves. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Problem } from '#engine/contract/problem.ts';
import { enter } from '#host/server/entering.testing.ts';
import type { ChildProgram } from '#host/system/child-program.ts';
import { AppServer } from './app-server.ts';
import { buildApp, distElectron } from './build.testing.ts';
import { startersOf } from './node-child.testing.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(os.tmpdir(), 'patchbay-server-process-'));
  await buildApp();
});
afterAll(() => rm(folder, { recursive: true }));

test('It serves the page, comes back on its port after it was killed, and ends when asked', async () => {
  const children: ChildProgram[] = [];
  const env = { PATCHBAY_DATA: join(folder, 'data'), PATCHBAY_CACHE: join(folder, 'cache') };
  let hearDeath: (problem: Problem) => void = () => undefined;
  const death = new Promise<Problem>((resolve) => {
    hearDeath = resolve;
  });
  const starters = startersOf(() => join(distElectron, 'server-process.js'), { env });
  const startServer = (): ChildProgram => {
    const child = starters.startServer();
    children.push(child);
    return child;
  };
  const server = new AppServer({ ...starters, startServer }, (problem) => hearDeath(problem));

  const first = await addressOf(server);
  expect(await titleOfPage(first)).toBe('Patchbay');
  children[0]?.kill();
  expect((await death).message).toMatch(/serves the page ended; start it again\.$/);

  const second = await addressOf(server);
  expect(second.origin).toBe(first.origin);
  expect(second.href).not.toBe(first.href);
  expect(await titleOfPage(second)).toBe('Patchbay');
  await server.stop();
  await expect(fetch(second.origin)).rejects.toThrow('fetch failed');
});

async function addressOf(server: AppServer): Promise<URL> {
  const started = await server.start();
  if (!started.ok) throw new Error(started.problems[0]?.message);
  return new URL(started.value);
}

/** Of the page at the address, whose key has to open. */
async function titleOfPage(address: URL): Promise<string | undefined> {
  const { origin, headers } = await enter(address.href);
  expect((await fetch(`${origin}/session`, { headers })).status).toBe(204);
  const page = await fetch(origin);
  return /<title>(.*)<\/title>/.exec(await page.text())?.[1];
}
