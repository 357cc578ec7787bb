/** Serves the page and the contract to browsers on this machine, and to nobody else. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FileService } from '#engine/contract/file-service.ts';
import type { HostService } from '#engine/contract/host-service.ts';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { answerRequest } from './answer-request.ts';
import { Door } from './door.ts';
import { readPage } from './page-files.ts';

export interface ServerOptions {
  /** Any free one where none is given. */
  readonly port?: number | undefined;
  readonly host: HostService;
  readonly files: FileService;
  /** The folder of the built page. */
  readonly page: string;
}

export interface RunningServer {
  readonly port: number;
  /**
   * An address that opens the page once, within a minute, for the user's own browser only. Its key stands
   * behind the #, which a browser sends to nobody.
   */
  readonly invite: () => string;
  /** Ends all connections; resolves when the port is free again. */
  close(): Promise<void>;
}

const address = '127.0.0.1';

/** Fails with `port-taken` where the port cannot be had, and with `page-missing` where no page is built. */
export async function startServer({
  port = 0,
  host,
  files,
  page,
}: ServerOptions): Promise<Outcome<RunningServer>> {
  const pageFiles = await readPage(page);
  if (!pageFiles.ok) return pageFiles;
  const server = createServer();
  const listening = await listen(server, port);
  if (!listening.ok) return listening;
  const door = new Door();
  const invite = (): string => `http://${address}:${listening.value}/#key=${door.cutKey()}`;
  const answer = answerRequest({
    port: listening.value,
    door,
    invite,
    page: pageFiles.value,
    services: { host, files },
  });
  server.on('request', answer);
  return ok({ port: listening.value, invite, close: () => close(server) });
}

function listen(server: Server, port: number): Promise<Outcome<number>> {
  return new Promise((resolve) => {
    server.once('error', (cause: NodeJS.ErrnoException) => resolve(fail(portProblem(port, cause))));
    server.listen({ port, host: address }, () => {
      resolve(ok((server.address() as AddressInfo).port));
    });
  });
}

function portProblem(port: number, { code }: NodeJS.ErrnoException) {
  const elsewhere = 'choose another, or give none to have a free one chosen';
  if (code === 'EADDRINUSE')
    return error('port-taken', `Port ${port} is in use by another program; ${elsewhere}.`);
  if (code === 'EACCES')
    return error('port-taken', `Port ${port} may not be used by this user; ${elsewhere}.`);
  return error(
    'port-taken',
    `Port ${port} of ${address} cannot be opened (${code}); ${elsewhere}.`,
  );
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
