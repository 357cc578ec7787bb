/** A server with a small page and the services of this machine, asked request by request. For tests. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http';
import os from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { LocalFiles } from '../files/local-files.ts';
import { LocalHost } from '../local-host.ts';
import { enter } from './entering.testing.ts';
import { startServer, type RunningServer } from './start-server.ts';

export const script = 'console.log("page");\n';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
}

export interface AskedServer {
  readonly folder: string;
  readonly page: string;
  /** No run is started here, so no engine process is. */
  readonly services: { readonly host: LocalHost; readonly files: LocalFiles };
  readonly server: RunningServer;
  /** Headers of a window that is let in. */
  readonly session: Readonly<Record<string, string>>;
  /** One more server of the same page. */
  readonly another: (port?: number) => Promise<RunningServer>;
  /** As nobody in particular. */
  readonly ask: (path: string, asking?: Asking) => Promise<Answer>;
  /** As a window that is let in. */
  readonly known: (path: string, asking?: Asking) => Promise<Answer>;
  readonly close: () => Promise<void>;
}

export async function askedServer(): Promise<AskedServer> {
  const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-server-'));
  const page = join(folder, 'page');
  await mkdir(join(page, 'assets'), { recursive: true });
  await writeFile(join(page, 'index.html'), '<!doctype html><title>Patchbay</title>\n');
  await writeFile(join(page, 'assets', 'index-Bx2Q.js'), script);
  await writeFile(join(page, 'build-stamp'), 'stamp');
  await writeFile(join(folder, 'secret.txt'), 'secret');
  const services = {
    host: new LocalHost(join(folder, 'no-engine.js')),
    files: new LocalFiles(join(folder, 'data')),
  };
  const another = async (port?: number): Promise<RunningServer> => {
    const outcome = await startServer({ ...services, page, port });
    if (!outcome.ok) throw new Error(outcome.problems[0]?.message);
    return outcome.value;
  };
  const server = await another();
  const session = (await enter(server.invite())).headers;
  const ask = (path: string, asking: Asking = {}): Promise<Answer> =>
    askAt(server.port, path, asking);
  return {
    folder,
    page,
    services,
    server,
    session,
    another,
    ask,
    known: (path, asking = {}) =>
      ask(path, { ...asking, headers: { ...session, ...asking.headers } }),
    close: async () => {
      await server.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Sends exactly this path and these headers; `fetch` would mend some and forbid others. */
function askAt(
  port: number,
  path: string,
  { method = 'GET', headers = {}, body }: Asking = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      { host: '127.0.0.1', port, path, method, headers, agent: false },
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

/** One sentence that ends like one and nothing of the inside, as the page of the contract or a program reads it. */
export function expectSentence({ body, headers, status }: Answer): void {
  const isError = headers['content-type'] === 'application/json';
  const sentence = isError ? errorOf(body, status) : body.replace(/\n$/, '');
  if (!isError) expect(headers['content-type']).toBe('text/plain; charset=utf-8');
  expect(sentence).toMatch(/^[A-Z][^\n]{20,250}\.$/);
}

export function errorOf(body: string, status: number): string {
  const { error } = JSON.parse(body) as {
    readonly error: { readonly message: string; readonly data: { readonly httpStatus: number } };
  };
  expect(error.data.httpStatus).toBe(status);
  return error.message;
}
