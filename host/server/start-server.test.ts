/** The server speaks to the pages that came in by a key of it, and to nobody else on this machine or beyond. */
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { askedServer, expectSentence, script, errorOf } from './asked-server.testing.ts';
import { enter, knock } from './entering.testing.ts';
import { startServer } from './start-server.ts';

const { folder, page, services, server, session, another, ask, known, close } = await askedServer();
afterAll(close);

const keyIn = (address: string): string => new URL(address).hash.slice('#key='.length);

describe('an address that Patchbay prints', () => {
  test('shows the page, and its key stands where no browser sends it', async () => {
    expect(server.invite()).toMatch(
      new RegExp(`^http://127\\.0\\.0\\.1:${server.port}/#key=[\\w-]{43}$`),
    );
    const shown = await ask('/');
    expect(shown).toMatchObject({ status: 200, body: '<!doctype html><title>Patchbay</title>\n' });
    expect(shown.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(shown.headers['set-cookie']).toBeUndefined();
    expect(shown.headers['content-security-policy']).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self'; .*frame-ancestors 'none'$/,
    );
  });

  test('lets one window in, and says to the next what to do', async () => {
    const address = server.invite();
    const entered = await enter(address);
    expect((await ask('/session', entered)).status).toBe(200);
    expect((await ask('/rpc/presets', entered)).status).toBe(200);
    const refused = await knock(entered.origin, keyIn(address));
    expect(refused.status).toBe(401);
    expect(await refused.text()).toMatch(/^An address .* one window, .* press Enter .*\.\n$/);
  });

  test('is not that of another launch', async () => {
    const other = await another();
    const { origin } = new URL(server.invite());
    expect((await knock(origin, keyIn(other.invite()))).status).toBe(401);
    const elsewhere = await enter(other.invite());
    await other.close();
    expect((await ask('/session', elsewhere)).status).toBe(401);
  });

  test('is given to a window that is in, for one more', async () => {
    const { status, body } = await known('/windows', { method: 'POST' });
    expect(status).toBe(200);
    const { address } = JSON.parse(body) as { readonly address: string };
    expect((await ask('/session', await enter(address))).status).toBe(200);
    expect((await ask('/windows', { method: 'POST' })).status).toBe(401);
  });
});

describe('refused is', () => {
  test.for([
    ['a window without a session', {}],
    ['one with another session', { authorization: 'Bearer x' }],
    ['one with an empty session', { authorization: 'Bearer ' }],
    // What a browser sends along by itself, to every port, is no secret.
    ['one with a cookie', { cookie: 'patchbay-session=x' }],
  ] as const)('%s', async ([, held]) => {
    for (const path of ['/rpc/machine', '/session', '/rpc/runEvents']) {
      const answer = await ask(path, { headers: held });
      expect(answer.status, path).toBe(401);
      expectSentence(answer);
    }
  });

  test.for([
    ['a name of someone else that points at this machine', { host: 'evil.example' }, 421],
    ['this machine at another port', { host: '127.0.0.1:1' }, 421],
    ['a page of another origin', { origin: 'https://evil.example' }, 403],
    ['a page of another port of this machine', { origin: 'http://127.0.0.1:1' }, 403],
    ['a page without an origin, as in a frame or a file', { origin: 'null' }, 403],
    ['a picture on another page', { 'sec-fetch-site': 'cross-site' }, 403],
    ['one on a page of another port', { 'sec-fetch-site': 'same-site' }, 403],
    [
      'a frame on another page',
      {
        'sec-fetch-site': 'cross-site',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'iframe',
      },
      403,
    ],
  ] as const)('%s, with the session or with a key', async ([, foreign, status]) => {
    for (const path of ['/', '/rpc/machine', '/session', '/assets/index-Bx2Q.js']) {
      const answer = await known(path, { headers: foreign });
      expect(answer.status, path).toBe(status);
      expectSentence(answer);
    }
    const authorization = `Bearer ${keyIn(server.invite())}`;
    const asking = { method: 'POST', headers: { ...foreign, authorization } };
    expect((await ask('/session', asking)).status).toBe(status);
  });

  test('everything but the page itself to a link on another page or in a file', async () => {
    const link = {
      headers: {
        'sec-fetch-site': 'cross-site',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'document',
      },
    };
    expect((await ask('/', link)).status).toBe(200);
    for (const path of ['/rpc/machine', '/assets/index-Bx2Q.js', '/session'])
      expect((await known(path, link)).status, path).toBe(403);
    expect((await known('/', { ...link, method: 'POST' })).status).toBe(403);
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
        socket.write(`GET / HTTP/1.0\r\nAuthorization: ${session['authorization']}\r\n\r\n`),
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
    const asPerson = { headers: { accept: 'text/html,*/*' } };
    const { status, headers: sent, body } = await ask('/session', asPerson);
    expect(status).toBe(401);
    expect(sent['content-type']).toBe('text/html; charset=utf-8');
    expect(body).toContain('open the address that Patchbay printed');
  });
});

test('files of the page whose name tells their content are kept by the browser', async () => {
  const { status, headers: sent, body } = await known('/assets/index-Bx2Q.js?x=1');
  expect({ status, body }).toEqual({ status: 200, body: script });
  expect(sent).toMatchObject({
    'content-type': 'text/javascript; charset=utf-8',
    'cache-control': 'private, max-age=31536000, immutable',
  });
  const head = await known('/assets/index-Bx2Q.js', { method: 'HEAD' });
  expect(head).toMatchObject({ status: 200, body: '' });
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
    const first = await another();
    const socket = connect(first.port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    const ended = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined);
    await first.close();
    await ended;
    const second = await another(first.port);
    expect(second.port).toBe(first.port);
    await second.close();
  });
});
