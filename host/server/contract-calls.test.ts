/** The contract over HTTP: what a window that is let in may call, and what it is told when a call is wrong. */
import { join } from 'node:path';
import { createTRPCClient, httpLink, TRPCClientError } from '@trpc/client';
import { afterAll, expect, test, vi } from 'vitest';
import type { Router } from '#engine/contract/router.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { LocalHost } from '../local-host.ts';
import { askedServer, errorOf } from './asked-server.testing.ts';
import { enter } from './entering.testing.ts';
import { startServer } from './start-server.ts';

const { folder, page, services, server, session, known, close } = await askedServer();
afterAll(close);

const client = () =>
  createTRPCClient<Router>({
    links: [
      httpLink({
        url: `${new URL(server.invite()).origin}/rpc`,
        methodOverride: 'POST',
        headers: session,
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
    links: [httpLink({ url: `${new URL(server.invite()).origin}/rpc` })],
  });
  await expect(stranger.machine.query()).rejects.toThrow(
    'Patchbay does not know this window: open the address that Patchbay printed when it started.',
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
    const entered = await enter(faulty.value.invite());
    const answer = await fetch(`${entered.origin}/rpc/machine`, entered);
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

test('refuses preferences that are none, by their size and by their depth', async () => {
  const large = await client().files.keepPreferences.mutate({ theme: 'x'.repeat(1_000_000) });
  expect(large).toMatchObject({
    ok: false,
    problems: [{ code: 'file-too-large', message: expect.stringMatching(/1\.00.MB.*at most/) }],
  });
  expect(await client().files.preferences.query()).toBeNull();
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  for (const [path, body] of [
    ['files.keepPreferences', deep],
    ['check', `{"document":{"format":"patchbay","theirs":${deep}}}`],
  ]) {
    const answer = await known(`/rpc/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: body ?? '',
    });
    expect(errorOf(answer.body, 400)).toBe(
      `"${path}" was refused: its values are nested more than 40 deep, which nothing of Patchbay is; reload the page and try again.`,
    );
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
    '"files.openFile" was refused: the request is invalid (Invalid input: expected string, received object).',
  );
  const form = await known('/rpc/clearCache', {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: '{}',
  });
  expect(form.status).toBe(415);
});
