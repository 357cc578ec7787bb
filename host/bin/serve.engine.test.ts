/** `patchbay serve` as a shell starts it: a line with an address, then service until it is interrupted. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { enter } from '../server/entering.testing.ts';
import { buildPrograms, finished, patchbay, startPatchbay } from './patchbay-command.testing.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-serve-'));
const surroundings = {
  cache: join(folder, 'cache'),
  folder,
  environment: { PATCHBAY_DATA: join(folder, 'data') },
};

beforeAll(buildPrograms);
afterAll(() => rm(folder, { recursive: true }));

/** Everything up to this many lines more. */
async function nextLines(stream: NodeJS.ReadableStream, count: number): Promise<string> {
  let text = '';
  while (text.split('\n').length <= count) text += String((await once(stream, 'data'))[0]);
  return text;
}

const addressIn = (text: string): string => /http:\S+(?=\n)/.exec(text)?.[0] ?? '';

test('serves the page and the engine, wherever it is started, until it is interrupted', async () => {
  const child = startPatchbay(['serve'], surroundings);
  const ended = finished(child);
  const said = await nextLines(child.stdout, 2);
  expect(said).toMatch(
    /^Patchbay serves at http:\/\/127\.0\.0\.1:\d+\/#key=[\w-]{43}\nThe address opens one window, .*\n$/,
  );
  const { origin, headers } = await enter(addressIn(said));
  const page = await (await fetch(origin)).text();
  // What the server's policy forbids: scripts in the page itself, or in an address.
  expect(page).not.toMatch(/<script(?![^>]* src="\/assets\/)|<style|="data:/);
  const [script = ''] = /\/assets\/[^"]+\.js/.exec(page) ?? [];
  const answer = await fetch(origin + script);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('cache-control')).toContain('immutable');
  const presets = await fetch(`${origin}/rpc/presets`, { headers });
  expect(await presets.text()).toContain('shapes-llava');
  // The address is used up; Enter prints another.
  child.stdin.write('\n');
  const more = await nextLines(child.stdout, 1);
  expect((await enter(addressIn(more))).headers).toEqual(headers);
  process.kill(-(child.pid as number), 'SIGINT');
  expect(await ended).toEqual({ status: 130, signal: null, stdout: said + more, stderr: '' });
});

test('says in one line that the port is taken', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const { status, stdout, stderr } = await patchbay(
    ['serve', '--port', String(port)],
    surroundings,
  );
  other.close();
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(
    new RegExp(`^error: Port ${port} is in use by another program; .* \\[port-taken\\]\\n$`),
  );
});

test('takes ports only', async () => {
  const { status, stderr } = await patchbay(['serve', '--port', '70000'], surroundings);
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr: 'patchbay: --port takes a whole number from 0 to 65535, not "70000".\n',
  });
});
