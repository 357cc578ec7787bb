/** Whatever becomes of the server's process, the window hears of it and can have another. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Problem } from '#engine/contract/problem.ts';
import { AppServer } from './app-server.ts';
import { startersOf } from './node-child.testing.ts';

let folder: string;
let obedient: string;

beforeAll(async () => {
  folder = await mkdtemp(join(os.tmpdir(), 'patchbay-app-server-'));
  obedient = await program(
    'obedient',
    `process.on('message', ({ type, port }) => {
      if (type === 'stop') process.exit();
      const own = port || 4321;
      process.send({ type: 'listening', url: 'http://127.0.0.1:' + own + '/?key=' + port, port: own });
    });`,
  );
});
afterAll(() => rm(folder, { recursive: true }));

async function program(name: string, text: string): Promise<string> {
  const path = join(folder, `${name}.mjs`);
  await writeFile(path, text);
  return path;
}

function unexpected(problem: Problem): void {
  throw new Error(problem.message);
}

test('A server that is asked to stop ends, and a new one takes the port of the last', async () => {
  const server = new AppServer(
    startersOf(() => obedient),
    unexpected,
  );
  expect(await server.start()).toEqual({ ok: true, value: 'http://127.0.0.1:4321/?key=0' });
  expect(server.isRunning).toBe(true);
  await server.stop();
  expect(server.isRunning).toBe(false);
  expect(await server.start()).toEqual({ ok: true, value: 'http://127.0.0.1:4321/?key=4321' });
  await server.stop();
});

test('A server that dies is told with its last words, once, and can be started again', async () => {
  const frail = await program(
    'frail',
    `process.on('message', () => {
      process.send({ type: 'listening', url: 'http://127.0.0.1:4321/', port: 4321 });
      console.error('out of luck');
      setImmediate(() => process.exit(9));
    });`,
  );
  let entry = frail;
  const told: Problem[] = [];
  const server = await new Promise<AppServer>((resolve) => {
    const starting = new AppServer(
      startersOf(() => entry),
      (problem) => {
        told.push(problem);
        resolve(starting);
      },
    );
    void starting.start();
  });
  expect(told).toMatchObject([
    {
      code: 'host-unreachable',
      message:
        'The part of Patchbay that serves the page ended with code 9 (out of luck); start it again.',
    },
  ]);
  expect(server.isRunning).toBe(false);
  entry = obedient;
  expect(await server.start()).toMatchObject({ ok: true });
  await server.stop();
  expect(told).toHaveLength(1);
});

test('A server that cannot begin says why, and is not told of twice', async () => {
  const poor = await program(
    'poor',
    `process.on('message', () => {
      process.send({ type: 'failed', sentences: ['There is no page.'] }, () => process.exit(1));
    });`,
  );
  const server = new AppServer(
    startersOf(() => poor),
    unexpected,
  );
  expect(await server.start()).toMatchObject({
    ok: false,
    problems: [{ message: 'There is no page.' }],
  });
  const broken = await program('broken', `throw new Error('no such module');`);
  const other = new AppServer(
    startersOf(() => broken),
    unexpected,
  );
  expect(await other.start()).toMatchObject({
    ok: false,
    problems: [{ code: 'host-unreachable', message: expect.stringMatching(/ended with code 1/) }],
  });
});

test('A server that does not listen to the request to stop is killed', async () => {
  const deaf = await program(
    'deaf',
    `process.once('message', () =>
      process.send({ type: 'listening', url: 'http://127.0.0.1:4321/', port: 4321 }));
    process.on('message', () => undefined);`,
  );
  const server = new AppServer(
    startersOf(() => deaf),
    unexpected,
    50,
  );
  await server.start();
  await server.stop();
  expect(server.isRunning).toBe(false);
});
