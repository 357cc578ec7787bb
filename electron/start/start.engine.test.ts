/** `npm start` as one types it: it says what opens and why, and nothing of it is left when it ends. */
import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '#host/system/package-root.ts';
import { enter } from '#host/server/entering.testing.ts';
import { buildApp } from '../build.testing.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(os.tmpdir(), 'patchbay-start-'));
  await buildApp();
});
afterAll(() => rm(folder, { recursive: true }));

/** Resolves with the exit status and everything that was said; `said` hears it as it comes. */
function start(
  environment: NodeJS.ProcessEnv,
  said: (output: string, interrupt: () => void) => void = () => undefined,
): Promise<{ readonly status: number | null; readonly output: string }> {
  const { DISPLAY: _display, WAYLAND_DISPLAY: _wayland, ...env } = process.env;
  const child = spawn(process.execPath, [join(packageRoot, 'electron', 'start.mjs')], {
    env: {
      ...env,
      PATCHBAY_DATA: join(folder, 'data'),
      PATCHBAY_CACHE: join(folder, 'cache'),
      ...environment,
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      said(output, () => child.kill('SIGINT'));
    });
  }
  return new Promise((resolve) => {
    child.on('close', (status) => resolve({ status, output }));
  });
}

const addressIn = (output: string) => /http:\S+(?=\n)/.exec(output)?.[0];

describe.skipIf(process.platform === 'win32')('Patchbay', () => {
  test.for([
    ['without a display', {}, /^Patchbay opens no window, because there is no display here/m],
    ['that was asked for no window', { PATCHBAY_FACE: 'none' }, /^Patchbay serves at http/m],
  ] as const)('%s prints its address and serves until Ctrl-C', async ([, environment, line]) => {
    const answers: Promise<number>[] = [];
    const { status, output } = await start(environment, (text, interrupt) => {
      const address = addressIn(text);
      if (address === undefined || answers.length > 0) return;
      answers.push(
        enter(address)
          .then((entered) => fetch(`${entered.origin}/session`, entered))
          .then((answer) => answer.status)
          .finally(interrupt),
      );
    });
    expect(output).toMatch(line);
    expect({ status, answers: await Promise.all(answers) }).toEqual({
      status: 130,
      answers: [204],
    });
  });

  test('ends when its window is closed, lets go of the profile, and shows nobody the key', async () => {
    // It looks at its arguments and at the file that they name, as a browser and as other users may.
    const browser = await program(
      'chromium',
      `printf '%s\\n' "$@" > '${folder}/arguments'
      file="$(printf '%s' "$1" | sed 's/^--app=file:..//')"
      ls -l "$file" | cut -c 1-10 > '${folder}/rights'
      cp "$file" '${folder}/launched'`,
    );
    const { status, output } = await start({ PATCHBAY_FACE: 'browser', CHROME_PATH: browser });
    expect(output).toMatch(/^Patchbay opens in Chromium\.$/m);
    expect(status).toBe(0);
    const args = (await readFile(join(folder, 'arguments'), 'utf8')).split('\n');
    expect(args).toContain(`--user-data-dir=${join(folder, 'data', 'browser')}`);
    expect(args.find((arg) => arg.startsWith('--app='))).toMatch(/^--app=file:\/\/\/.*\.html$/);
    expect(args.join()).not.toContain('key=');
    expect(await readFile(join(folder, 'rights'), 'utf8')).toBe('-rw-------\n');
    const launched = await readFile(join(folder, 'launched'), 'utf8');
    const address = /url=(http:\/\/127[^"]*\/#key=[\w-]{43})"/.exec(launched)?.[1] ?? '';
    await expect(fetch(new URL(address).origin)).rejects.toThrow('fetch failed');
    expect(await readdir(join(folder, 'data', 'browser'))).toEqual([]);
  });

  test('says why a browser did not stay open, and serves on', async () => {
    const browser = await program('chrome', `echo '[1:2:FATAL:a.cc(3)] no screen' >&2; exit 7`);
    const { status, output } = await start(
      // With an empty search path there is no default browser either.
      { PATCHBAY_FACE: 'browser', CHROME_PATH: browser, PATH: folder },
      (text, interrupt) => {
        if (text.includes('Ctrl-C')) interrupt();
      },
    );
    expect(output).toMatch(
      /^Patchbay opens no window, because Google Chrome did not stay open \(it ended with 7: no screen\) and no default browser took the address \(there is no xdg-open\)\.$/m,
    );
    expect(status).toBe(130);
  });

  test('does not guess at a face it does not know', async () => {
    const { status, output } = await start({ PATCHBAY_FACE: 'window' });
    expect(status).toBe(2);
    expect(output).toBe(
      'patchbay: PATCHBAY_FACE is "window"; set it to electron, browser, none or not at all.\n',
    );
  });
});

async function program(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${text}\n`);
  await chmod(path, 0o755);
  return path;
}
