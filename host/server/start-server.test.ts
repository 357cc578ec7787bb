/** The server speaks to the browser that holds this launch's key, and to nobody else on this machine or beyond. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import os from 'node:os';
import { join } from 'node:path';
import { createTRPCClient, httpLink, TRPCClientError } from '@trpc/client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Router } from '#engine/contract/router.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { LocalFiles } from '../files/local-files.ts';
import { LocalHost } from '../local-host.ts';
import { startServer, type RunningServer } from './start-server.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-server-'));
const page = join(folder, 'page');
const script = 'console.log("page");\n';
/** No run is started here, so no engine process is. */
const services = {
  host: new LocalHost(join(folder, 'no-engine.js')),
  files: new LocalFiles(join(folder, 'data')),
};

let server: RunningServer;
let cookie = '';

beforeAll(async () => {
  await mkdir(join(page, 'assets'), { recursive: true });
  await writeFile(join(page, 'index.html'), '<!doctype html><title>Patchbay</title>\n');
  await writeFile(join(page, 'assets', 'index-Bx2Q.js'), script);
  await writeFile(join(page, 'build-stamp'), 'stamp');
  await writeFile(join(folder, 'secret.txt'), 'secret');
  server = await started();
  cookie = cookieOf(await ask(pathOf(server.url)));
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

async function started(port?: number): Promise<RunningServer> {
  const outcome = await startServer({ ...services, page, port });
  if (!outcome.ok) throw new Error(outcome.problems[0]?.message);
  return outcome.value;
}

const pathOf = (url: string): string => url.slice(new URL(url).origin.length);

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

interface Asking {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
}

/** Sends exactly this path and these headers; `fetch` would mend some and forbid others. */
function ask(path: string, { method = 'GET', headers = {}, body }: Asking = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      { host: '127.0.0.1', port: server.port, path, method, headers, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const { statusCode: status = 0, headers: received } = response;
          resolve({ status, headers: received, body: Buffer.concat(chunks).toString() });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

const known = (path: string, asking: Asking = {}): Promise<Answer> =>
  ask(path, { ...asking, headers: { cookie, ...asking.headers } });

function cookieOf({ headers }: Answer): string {
  return (headers['set-cookie']?.[0] ?? '').split(';')[0] ?? '';
}

/** One sentence that ends like one and nothing of the inside, as the page of the contract or a program reads it. */
function expectSentence({ body, headers, status }: Answer): void {
  const isError = headers['content-type'] === 'application/json';
  const sentence = isError ? errorOf(body, status) : body.replace(/\n$/, '');
  if (!isError) expect(headers['content-type']).toBe('text/plain; charset=utf-8');
  expect(sentence).toMatch(/^[A-Z][^\n]{20,250}\.$/);
}

function errorOf(body: string, status: number): string {
  const { error } = JSON.parse(body) as {
    readonly error: { readonly message: string; readonly data: { readonly httpStatus: number } };
  };
  expect(error.data.httpStatus).toBe(status);
  return error.message;
}

describe('the address that Patchbay prints', () => {
  test('lets the browser in, and leaves no key behind in the address', async () => {
    expect(server.url).toMatch(
      new RegExp(`^http://127\\.0\\.0\\.1:${server.port}/\\?key=[\\w-]{43}$`),
    );
    const welcome = await ask(pathOf(server.url));
    expect(welcome).toMatchObject({ status: 303, body: '' });
    expect(welcome.headers['location']).toBe('/');
    expect(welcome.headers['set-cookie']).toEqual([
      expect.stringMatching(
        new RegExp(`^patchbay-${server.port}=[\\w-]{43}; Path=/; HttpOnly; SameSite=Strict$`),
      ),
    ]);
    expect(cookieOf(welcome)).not.toContain(new URL(server.url).searchParams.get('key'));
    const shown = await known('/');
    expect(shown).toMatchObject({ status: 200, body: '<!doctype html><title>Patchbay</title>\n' });
    expect(shown.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(shown.headers['content-security-policy']).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self'; .*frame-ancestors 'none'$/,
    );
  });

  test('is not that of another launch', async () => {
    const other = await started();
    const key = new URL(other.url).search;
    await other.close();
    const refused = await ask(`/${key}`);
    expect(refused.status).toBe(401);
    expect(refused.body).toContain('is not the one of this launch');
    expect(refused.headers['set-cookie']).toBeUndefined();
    // An old key is told, even to a browser that is let in otherwise.
    expect((await known(`/${key}`)).status).toBe(401);
    expectSentence(refused);
  });
});

describe('refused is', () => {
  test.for([
    ['a browser without the cookie', {}, 401],
    ['one with another cookie', { cookie: `patchbay-1=x; patchbay=y` }, 401],
    ['a name of someone else that points at this machine', { host: 'evil.example' }, 421],
    ['this machine at another port', { host: '127.0.0.1:1' }, 421],
    ['a page of another origin', { origin: 'https://evil.example' }, 403],
    ['a page of another port of this machine', { origin: 'http://127.0.0.1:1' }, 403],
    ['a page without an origin, as in a frame or a file', { origin: 'null' }, 403],
    ['a picture on another page', { 'sec-fetch-site': 'cross-site' }, 403],
    ['one on a page of another port', { 'sec-fetch-site': 'same-site' }, 403],
  ] as const)('%s', async ([, headers, status]) => {
    const withCookie = { cookie, ...headers };
    for (const path of ['/', '/rpc/machine', '/assets/index-Bx2Q.js']) {
      const answer = await ask(path, { headers: status === 401 ? headers : withCookie });
      expect(answer.status, path).toBe(status);
      expectSentence(answer);
    }
    // Not even the key helps there.
    if (status === 401) return;
    expect((await ask(pathOf(server.url), { headers: withCookie })).status).toBe(status);
  });

  test.for([
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/assets/%2e%2e/%2e%2e/secret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/assets/..\\..\\secret.txt',
    '//secret.txt',
    '/build-stamp',
    '/assets',
    '/assets/',
    '/constructor',
    '/rpc',
    '/%00',
  ])('what is no file of the page: %s', async (path) => {
    const answer = await known(path);
    expect(answer.status).toBe(404);
    expectSentence(answer);
  });

  test.for([
    ['/', 'POST'],
    ['/', 'DELETE'],
    ['/rpc/machine', 'OPTIONS'],
    ['/rpc/machine', 'PUT'],
  ] as const)('%s with %s', async ([path, method]) => {
    const answer = await known(path, { method });
    expect(answer).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD, POST' } });
    expectSentence(answer);
  });

  test('a request without a host, and one that is no HTTP', async () => {
    const said = await new Promise<string>((resolve, reject) => {
      const socket = connect(server.port, '127.0.0.1', () =>
        socket.write(`GET / HTTP/1.0\r\nCookie: ${cookie}\r\n\r\n`),
      );
      let heard = '';
      socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
      socket.on('end', () => resolve(heard));
      socket.on('error', reject);
    });
    expect(said).toMatch(/^HTTP\/1\.1 421 /);
  });

  test('more than can be read at once, before it is read', async () => {
    const answer = await known('/rpc/files.keepPicture', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: Buffer.alloc(100_000_001, 0x20),
    });
    expect(answer.status).toBe(413);
    expect(errorOf(answer.body, 413)).toBe(
      'The request has 101 MB, at most 100 MB are read at once; choose a smaller file.',
    );
  });

  test('a person is told on a page, a program in plain text', async () => {
    const { status, headers, body } = await ask('/', { headers: { accept: 'text/html,*/*' } });
    expect(status).toBe(401);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(body).toContain('open the address that Patchbay printed');
  });
});

test('files of the page whose name tells their content are kept by the browser', async () => {
  const { status, headers, body } = await known('/assets/index-Bx2Q.js?x=1');
  expect({ status, body }).toEqual({ status: 200, body: script });
  expect(headers).toMatchObject({
    'content-type': 'text/javascript; charset=utf-8',
    'cache-control': 'private, max-age=31536000, immutable',
  });
  const head = await known('/assets/index-Bx2Q.js', { method: 'HEAD' });
  expect(head).toMatchObject({ status: 200, body: '' });
});

describe('the contract', () => {
  const client = () =>
    createTRPCClient<Router>({
      links: [
        httpLink({
          url: `${new URL(server.url).origin}/rpc`,
          methodOverride: 'POST',
          headers: { cookie },
        }),
      ],
    });

  test('is spoken under either name of this machine', async () => {
    const machine = await client().machine.query();
    expect(machine.cores).toBeGreaterThan(0);
    const answer = await known('/rpc/machine', { headers: { host: `localhost:${server.port}` } });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toEqual({ result: { data: machine } });
  });

  test('keeps a graph as it is, the order of what is in it and fields of others included', async () => {
    const path = join(folder, 'kept.patchbay.json');
    const { format, version, ...rest } = sketchDocument(
      { prompt: ['input/prompt', { text: 'Hi' }] },
      [],
    );
    const document = { theirs: { z: 1, a: 2 }, ...rest, version, format };
    const saved = await client().files.saveDocument.mutate({
      path,
      document,
      stamp: null,
      overwrite: false,
    });
    expect(saved).toMatchObject({ ok: true, value: { path, folder } });
    const opened = await client().files.openFile.mutate(path);
    expect(opened).toMatchObject({
      ok: true,
      value: { text: `${JSON.stringify(document, null, 2)}\n` },
    });
  });

  test('tells a page whose launch is over what to do', async () => {
    const stranger = createTRPCClient<Router>({
      links: [httpLink({ url: `${new URL(server.url).origin}/rpc` })],
    });
    await expect(stranger.machine.query()).rejects.toThrow(
      'Patchbay does not know this browser: open the address that Patchbay printed when it started.',
    );
  });

  test('tells of a fault of Patchbay without its stack, which goes to standard error', async () => {
    class FaultyHost extends LocalHost {
      override machine(): Promise<never> {
        return Promise.reject(new Error('the plan has a hole'));
      }
    }
    const host = new FaultyHost('no-engine.js');
    const faulty = await startServer({ ...services, host, page });
    if (!faulty.ok) throw new Error(faulty.problems[0]?.message);
    const told = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    try {
      const welcome = await fetch(faulty.value.url, { redirect: 'manual' });
      const answer = await fetch(`${new URL(faulty.value.url).origin}/rpc/machine`, {
        headers: { cookie: welcome.headers.get('set-cookie')?.split(';')[0] ?? '' },
      });
      const body = await answer.text();
      expect(errorOf(body, 500)).toBe(
        'Patchbay failed at "machine" (the plan has a hole), which is a fault of Patchbay: try again, and report it if it stays.',
      );
      expect(body).not.toMatch(/stack|\.ts/);
      expect(told.mock.calls).toEqual([
        [expect.objectContaining({ message: 'the plan has a hole' })],
      ]);
    } finally {
      told.mockRestore();
      await faulty.value.close();
    }
  });

  test('says in a sentence what is wrong with a call, and nothing of the inside', async () => {
    const refusal = async (call: Promise<unknown>): Promise<string> => {
      const cause: unknown = await call.catch((reason: unknown) => reason);
      if (!(cause instanceof TRPCClientError)) throw new Error('It was not refused.');
      expect(JSON.stringify(cause.shape)).not.toMatch(/stack|node_modules|\.ts/);
      return cause.message;
    };
    const graph = { ...sketchDocument({}, []), title: 7 } as unknown as ReturnType<
      typeof sketchDocument
    >;
    expect(await refusal(client().check.query({ document: graph }))).toBe(
      '"check" was refused: "document.title" is invalid (Invalid input: expected string, received number).',
    );
    const draft = { id: 'x', window: 'w', path: null, stamp: null, unsaved: true, document: graph };
    expect(await refusal(client().files.keepDraft.mutate(draft))).toContain('"document.title"');
    const widePath = { ...graph, title: '', nodes: { ['a'.repeat(50_000)]: {} } };
    const wide = await refusal(client().check.query({ document: widePath as typeof graph }));
    expect(wide.length).toBeLessThan(2_000);
    const nowhere = client() as unknown as { nowhere: { query(): Promise<unknown> } };
    expect(await refusal(nowhere.nowhere.query())).toBe(
      'There is no procedure "nowhere"; reload the page.',
    );
    const broken = await known('/rpc/check', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{',
    });
    expect(broken.status).toBe(400);
    expect(errorOf(broken.body, 400)).toBe(
      '"check" was refused: what was sent is not JSON; reload the page and try again.',
    );
    const odd = { length: { toString: 1 } } as unknown as string;
    expect(await refusal(client().files.openFile.mutate(odd))).toBe(
      '"files.openFile" was refused: Cannot convert object to primitive value; reload the page and try again.',
    );
    const form = await known('/rpc/clearCache', {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: '{}',
    });
    expect(form.status).toBe(415);
  });
});

describe('starting', () => {
  test('fails where the port is taken, and where there is no page', async () => {
    const taken = await startServer({ ...services, page, port: server.port });
    expect(taken).toMatchObject({
      ok: false,
      problems: [
        {
          code: 'port-taken',
          message: `Port ${server.port} is in use by another program; choose another, or give none to have a free one chosen.`,
        },
      ],
    });
    const pageless = await startServer({ ...services, page: join(folder, 'nowhere') });
    expect(pageless).toMatchObject({ ok: false, problems: [{ code: 'page-missing' }] });
  });

  test('works at the same port again after closing, whoever was still connected', async () => {
    const first = await started();
    const socket = connect(first.port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    const ended = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined);
    await first.close();
    await ended;
    const second = await started(first.port);
    expect(second.port).toBe(first.port);
    await second.close();
  });
});
