/** Fetching shows its progress and says in a word why it failed. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fetchRuntime, type FetchOptions } from './fetch-runtime.ts';

let folder: string;
let reportScript: string;
const servers: Server[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(os.tmpdir(), 'patchbay-fetch-'));
  reportScript = join(folder, 'fetch-report.js');
  const bundle = await rolldown({ input: join(import.meta.dirname, 'fetch-report.ts') });
  await bundle.write({ file: reportScript, format: 'esm' });
  await bundle.close();
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
});
afterAll(async () => {
  for (const server of servers) server.closeAllConnections();
  await rm(folder, { recursive: true });
});

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  server.unref();
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** An installer like Electron's: downloads to the temporary folder, prints the stack of what went wrong. */
async function installFrom(url: string, options: Partial<FetchOptions> = {}) {
  const installScript = join(folder, 'install.js');
  await writeFile(
    installScript,
    `import { writeFile } from 'node:fs/promises';
    import os from 'node:os';
    import { join } from 'node:path';
    try {
      await writeFile(${JSON.stringify(join(folder, 'temporary.txt'))}, os.tmpdir());
      const response = await fetch(${JSON.stringify(url)});
      if (!response.ok) throw new Error('Response code ' + response.status);
      await writeFile(join(os.tmpdir(), 'runtime.zip'), response.body);
    } catch (cause) {
      console.error(cause.stack);
      process.exit(1);
    }`,
  );
  const seen: (readonly [number, number | null])[] = [];
  const fetched = await fetchRuntime({
    installScript,
    reportScript,
    progressed: (received, total) => seen.push([received, total]),
    silenceLimitMs: 300_000,
    ...options,
  });
  return { fetched, seen };
}

test('Bytes are counted as they come, and the temporary folder goes', async () => {
  const url = await serve((_request, response) => {
    response.setHeader('content-length', 300_000);
    response.write(Buffer.alloc(100_000));
    setImmediate(() => response.end(Buffer.alloc(200_000)));
  });
  const { fetched, seen } = await installFrom(url);
  expect(fetched).toEqual({ fetched: true });
  expect(seen.at(-1)).toEqual([300_000, 300_000]);
  expect(existsSync(await readFile(join(folder, 'temporary.txt'), 'utf8'))).toBe(false);
});

test('A network that is not there is told by its code and place', async () => {
  const url = await serve(() => undefined);
  await promisify((done: () => void) => servers.at(-1)?.close(done))();
  const { fetched } = await installFrom(url);
  expect(fetched).toEqual({ fetched: false, reason: 'ECONNREFUSED 127.0.0.1' });
});

test('A server that refuses is told by its answer', async () => {
  const url = await serve((_request, response) => response.writeHead(404).end());
  const { fetched } = await installFrom(url);
  expect(fetched).toEqual({ fetched: false, reason: 'Response code 404' });
});

test('A download that stands still is given up, and so is one that is interrupted', async () => {
  const url = await serve((_request, response) => void response.write(Buffer.alloc(1000)));
  const still = await installFrom(url, { silenceLimitMs: 1000 });
  expect(still.fetched).toEqual({ fetched: false, reason: 'nothing came for 1 seconds' });
  const interrupted = new AbortController();
  const broken = await installFrom(url, {
    signal: interrupted.signal,
    progressed: () => interrupted.abort(),
  });
  expect(broken.fetched).toEqual({ fetched: false, reason: 'it was interrupted' });
});
