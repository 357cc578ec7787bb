/** Electron opens, or its reason for not opening leads on to the next window. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { shownLine } from '../shown-line.ts';
import type { ElectronRuntime } from './electron-runtime.ts';
import { openElectron } from './open-electron.ts';

let folder: string;
/** Node.js stands in for the runtime: what it is given first is the app. */
const ready: ElectronRuntime = { state: 'ready', path: process.execPath };
const absent: ElectronRuntime = { state: 'to-fetch', installScript: '/install.js' };

beforeAll(async () => {
  folder = await mkdtemp(join(os.tmpdir(), 'patchbay-electron-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function app(name: string, text: string): Promise<readonly string[]> {
  const path = join(folder, `${name}.mjs`);
  await writeFile(path, text);
  return [path];
}

const usual = {
  find: () => ready,
  fetch: () => Promise.resolve({ fetched: true } as const),
  isRoot: false,
  started: () => undefined,
};

test('A window that shows itself is open until its process ends', async () => {
  const args = await app(
    'shows',
    `console.log('noise');
    console.log(${JSON.stringify(shownLine)});
    setInterval(() => undefined, 1000);`,
  );
  const opening = await openElectron({ ...usual, args });
  if (!opening.opened) throw new Error(opening.reason);
  opening.window.close('SIGTERM');
  expect(await opening.window.closed).toBe('it ended with SIGTERM');
});

test('A runtime is fetched first, and looked for again', async () => {
  const args = await app('fetched', `console.log(${JSON.stringify(shownLine)});`);
  const found = [absent, ready];
  const fetchedBy: string[] = [];
  const opening = await openElectron({
    ...usual,
    args,
    find: () => found.shift() ?? ready,
    fetch: (installScript) => {
      fetchedBy.push(installScript);
      return Promise.resolve({ fetched: true });
    },
  });
  expect(opening.opened).toBe(true);
  expect(fetchedBy).toEqual(['/install.js']);
});

test('What keeps it from opening is told', async () => {
  const reasonOf = async (surroundings: Partial<Parameters<typeof openElectron>[0]>) => {
    const opening = await openElectron({ ...usual, args: [], ...surroundings });
    return opening.opened ? 'it opened' : opening.reason;
  };
  expect(
    await reasonOf({
      find: () => absent,
      fetch: () => Promise.resolve({ fetched: false, reason: 'ENOTFOUND github.com' }),
    }),
  ).toBe('the Electron runtime could not be fetched (ENOTFOUND github.com)');
  expect(await reasonOf({ find: () => ({ state: 'not-installed' }) })).toBe(
    'Electron is not installed',
  );
  const args = await app(
    'sandbox',
    `console.error('[1:2/3:ERROR:bus.cc(4)] no bus');
    console.error('[1:2/3:FATAL:zygote.cc(5)] No usable sandbox!');
    process.exitCode = 5;`,
  );
  expect(await reasonOf({ args })).toBe(
    'Electron did not open a window (it ended with 5: No usable sandbox!)',
  );
  expect(await reasonOf({ find: () => ({ state: 'ready', path: join(folder, 'none') }) })).toMatch(
    /ENOENT/,
  );
});
