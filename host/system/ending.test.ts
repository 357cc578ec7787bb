/** A process comes to its end, whatever does not. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeWithin, Presses } from './ending.ts';
import { packageRoot } from './package-root.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-ending-'));
const program = join(folder, 'never-closes.mjs');
afterAll(() => rm(folder, { recursive: true }));

beforeAll(async () => {
  const bundle = await rolldown({
    cwd: packageRoot,
    input: 'host/system/never-closes.testing.ts',
    platform: 'node',
  });
  await bundle.write({ file: program, format: 'esm', codeSplitting: false });
  await bundle.close();
});

const never = { close: () => new Promise<void>(() => undefined) };

test('what closes is waited for, what never does or cannot is not', async () => {
  let isClosed = false;
  const slow = {
    close: async () => {
      await new Promise(setImmediate);
      isClosed = true;
    },
  };
  expect([await closeWithin([slow]), isClosed]).toEqual([true, true]);
  expect(await closeWithin([slow, never], 20)).toBe(false);
  expect(await closeWithin([{ close: () => Promise.reject(new Error('broken')) }])).toBe(false);
});

test('one press that npm passes on is one press; a person presses again', () => {
  const presses = new Presses();
  expect([5000, 5001, 5200, 5400].map((nowMs) => presses.add(nowMs))).toEqual([
    'first',
    'same',
    'same',
    'again',
  ]);
});

describe.skipIf(process.platform === 'win32')('a process in which something never closes', () => {
  const start = async (limitMs: number) => {
    const child = spawn(process.execPath, [program, String(limitMs)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    expect((await said.next()).value).toBe('ready');
    child.kill('SIGINT');
    expect((await said.next()).value).toBe('closing');
    return { child, errors: () => errors };
  };

  test('is ended when its time is over, and says so', async () => {
    const { child, errors } = await start(1);
    expect(await once(child, 'close')).toEqual([130, null]);
    expect(errors()).toBe('patchbay: ended before everything was written.\n');
  });

  test('is ended by a second interrupt, however long it would be waited for', async () => {
    const { child, errors } = await start(2 ** 31 - 1);
    // Pressed until it ends: what comes too soon after the first counts as the same press.
    const again = setInterval(() => child.kill('SIGINT'), 100);
    expect(await once(child, 'close')).toEqual([null, 'SIGINT']);
    clearInterval(again);
    expect(errors()).toBe('');
  });
});
