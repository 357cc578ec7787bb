/** An interrupted command ends at once with status 130, and leaves neither a process nor a file behind. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { EngineHold, entered } from '../engine/engine-hold.testing.ts';
import { packageRoot } from '../system/package-root.ts';
import { decoderGraph, writeGraph } from './graphs.testing.ts';
import { buildPrograms, finished, patchbay, startPatchbay } from './patchbay-command.testing.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-interrupt-'));
const cache = join(folder, 'cache');
const temporary = join(folder, 'temporary');
const hold = new EngineHold(folder);
const environment = { TMPDIR: temporary, ...hold.environment };
let graph = '';
let seed = 0;

beforeAll(async () => {
  await buildPrograms();
  await mkdir(temporary);
  await mkdir(join(cache, 'stages'), { recursive: true });
  graph = await writeGraph(folder, 'graph', decoderGraph());
});
afterEach(() => hold.release());
afterAll(() => rm(folder, { recursive: true }));

/** Another seed is another model, which has to be built. */
const unbuilt = (): readonly string[] => ['run', graph, '--runs', '1', '--seed', String(++seed)];

async function unfinishedStages(): Promise<readonly string[]> {
  const names = await readdir(join(cache, 'stages'));
  return names.filter((name) => name.startsWith('building-'));
}

/** Waiting for a state costs nothing where it comes soon. */
const patienceMs = 300_000;

function hasProcesses(group: number): boolean {
  try {
    return process.kill(-group, 0);
  } catch {
    return false;
  }
}

const writing = entered('language/prefill', 'building');

async function expectNothingLeft(): Promise<void> {
  expect(await unfinishedStages()).toEqual([]);
  expect(await readdir(temporary)).toEqual([]);
}

describe('while a model is built, the command is sent', () => {
  test.for([
    ['an interrupt, as a terminal sends it to all', 'building', 'SIGINT', (id: number) => -id],
    ['an interrupt of its own', 'preparing', 'SIGINT', (id: number) => id],
    ['a request to terminate', 'building', 'SIGTERM', (id: number) => id],
    ['a hang-up', 'preparing', 'SIGHUP', (id: number) => -id],
  ] as const)('%s', async ([, phase, signal, target]) => {
    const out = join(folder, 'report.json');
    hold.at(entered('language/prefill', phase));
    const child = startPatchbay([...unbuilt(), '--json', out], { cache, environment });
    const processId = child.pid as number;
    const ended = finished(child);
    await hold.isHeld();
    process.kill(target(processId), signal);
    expect(await ended).toEqual({ status: 130, signal: null, stdout: '', stderr: '' });
    expect(hasProcesses(processId)).toBe(false);
    expect(existsSync(out)).toBe(false);
    await expectNothingLeft();
  });

  test('two interrupts, as npm passes the one of the terminal on', async () => {
    hold.at(writing);
    const child = startPatchbay(unbuilt(), { cache, environment });
    const processId = child.pid as number;
    const ended = finished(child);
    await hold.isHeld();
    process.kill(-processId, 'SIGINT');
    process.kill(processId, 'SIGINT');
    expect(await ended).toMatchObject({ status: 130, stdout: '', stderr: '' });
    await expectNothingLeft();
  });

  test('the end itself: the engine notices, and the next command tidies up', async () => {
    hold.at(writing);
    const child = startPatchbay(unbuilt(), { cache, environment });
    const processId = child.pid as number;
    const ended = finished(child);
    await hold.isHeld();
    process.kill(processId, 'SIGKILL');
    expect((await ended).signal).toBe('SIGKILL');
    hold.release();
    await vi.waitUntil(() => !hasProcesses(processId), { timeout: patienceMs });
    expect(await patchbay(['cache'], { cache, environment })).toMatchObject({ status: 0 });
    await expectNothingLeft();
  });
});

test('a verification can be interrupted', async () => {
  hold.at({ type: 'case-verified' });
  const child = startPatchbay(['verify', join(packageRoot, 'verify', 'recorded')], {
    cache,
    environment,
  });
  const ended = finished(child);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  process.kill(-(child.pid as number), 'SIGINT');
  const { status, stdout, stderr } = await ended;
  expect({ status, stderr }).toEqual({ status: 130, stderr: '' });
  expect(stdout).not.toMatch(/\d+ pass, /);
  await expectNothingLeft();
});

test('a command that waits for standard input can be interrupted', async () => {
  const child = startPatchbay(['check', '-'], { cache, environment });
  const ended = finished(child);
  // More than a pipe holds: once it is through, the command is reading.
  await new Promise((resolve) => child.stdin.write(' '.repeat(1_000_000), resolve));
  process.kill(-(child.pid as number), 'SIGINT');
  expect(await ended).toMatchObject({ status: 130, stdout: '', stderr: '' });
});

test.skipIf(process.platform === 'win32')(
  'a command that reads a pipe to which nobody writes is ended by an interrupt',
  async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const child = startPatchbay(['check', pipe], { cache, environment });
    const ended = finished(child);
    const silent = await open(pipe, 'w');
    // More than a pipe holds: once it is through, the command is reading, and waits for more.
    await silent.write(' '.repeat(1_000_000));
    process.kill(child.pid as number, 'SIGINT');
    const { status, signal, stdout, stderr } = await ended;
    // An exit would wait for the pipe, so where the command waits already, it is the signal that ends it.
    expect(status ?? signal).toBeOneOf([130, 'SIGINT']);
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' });
    await silent.close();
  },
);

/** A pseudo-terminal as util-linux has one; elsewhere the same phases are met through `LocalHost`. */
const hasTerminal = process.platform === 'linux' && existsSync('/usr/bin/script');

describe.skipIf(!hasTerminal)('at a terminal, Ctrl-C', () => {
  test.for([
    ['prefill · building', writing, true],
    ['prefill · preparing', entered('language/prefill', 'preparing'), true],
    ['prefill · loading', entered('language/prefill', 'loading'), false],
    ['prefill · running', entered('language/prefill', 'running'), false],
    ['decoding', { type: 'token' }, false],
  ] as const)('ends the command while it is %s', async ([phase, event, isUnbuilt]) => {
    hold.at(event);
    const args = isUnbuilt ? unbuilt() : ['run', graph, '--runs', '1'];
    const command = [process.execPath, join(packageRoot, 'host', 'bin', 'patchbay.mjs'), ...args];
    const terminal = spawn(
      'script',
      ['--quiet', '--flush', '--return', '--command', command.join(' '), '/dev/null'],
      {
        env: { ...process.env, ...environment, PATCHBAY_CACHE: cache },
      },
    );
    const ended = finished(terminal);
    let shown = '';
    let isPressed = false;
    terminal.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
      if (isPressed || !shown.includes(phase)) return;
      isPressed = true;
      terminal.stdin.write('\u0003');
    });
    const { status, stdout } = await ended;
    expect(status, stdout.slice(0, 2000)).toBe(130);
    // The line that told the progress is wiped, and nothing is said in its place.
    expect(stdout.replace('^C', '').endsWith('\r\u001B[K')).toBe(true);
    await expectNothingLeft();
  });
});

test('the next run works', async () => {
  const ran = await patchbay(['run', graph, '--max-new-tokens', '1'], { cache, environment });
  expect(ran).toMatchObject({ status: 0, stderr: '' });
  await expectNothingLeft();
});
