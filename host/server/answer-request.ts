/** From a request to the page, to a procedure of the contract, or to one sentence that says why not. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createHTTPHandler } from '@trpc/server/adapters/standalone';
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import { router, type Services } from '#engine/contract/router.ts';
import { bearer, foreignCaller, splitAddress, type Refusal } from './admission.ts';
import type { Door } from './door.ts';
import type { PageFile, PageFiles } from './page-files.ts';

/** Room for the largest picture that a page may hand over, in base64. */
export const largestBodyBytes = 100_000_000;

const procedures = '/rpc/';
/** A key is changed for the session here, and whether the session is known is asked. */
const sessionPath = '/session';
/** Gives a page that is let in the address of one more window. */
const windowsPath = '/windows';

/**
 * The page needs nothing from elsewhere, and runs nothing that does not come in a file of ours. Pictures are
 * shown from data and blob addresses.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const commonHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy': contentSecurityPolicy,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

interface Serving {
  readonly port: number;
  readonly door: Door;
  /** An address that opens the page once. */
  readonly invite: () => string;
  readonly page: PageFiles;
  readonly services: Services;
}

export function answerRequest(serving: Serving): RequestListener {
  const call = createHTTPHandler({
    router,
    createContext: () => serving.services,
    basePath: procedures,
    allowMethodOverride: true,
    maxBodySize: largestBodyBytes,
    // The page is told in a sentence; whoever mends it needs the stack.
    onError: ({ error }) => {
      if (error.code === 'INTERNAL_SERVER_ERROR') console.error(error.cause ?? error);
    },
  });
  return (request, response) => {
    for (const [name, value] of Object.entries(commonHeaders)) response.setHeader(name, value);
    const [path] = splitAddress(request.url ?? '');
    const isPage = path !== sessionPath && path !== windowsPath && !path.startsWith(procedures);
    const foreign = foreignCaller(request, serving.port);
    if (foreign) refuse(request, response, foreign);
    // The page as it was installed holds nothing of this user; what it shows comes by calls.
    else if (isPage) answerFile(request, response, serving.page.get(path));
    else if (path === sessionPath && request.method === 'POST')
      answerKey(request, response, serving.door);
    else if (!serving.door.knows(bearer(request))) refuse(request, response, strangerRefusal);
    else if (path === sessionPath) response.writeHead(204).end();
    else if (path === windowsPath) answerJson(request, response, { address: serving.invite() });
    else {
      const refusal = callRefusal(request);
      if (refusal) refuse(request, response, refusal);
      else call(request, response);
    }
  };
}

const strangerRefusal: Refusal = {
  status: 401,
  sentence:
    'Patchbay does not know this window: open the address that Patchbay printed when it started.',
};

const deadKeyRefusal: Refusal = {
  status: 401,
  sentence:
    'An address of Patchbay opens one window, within a minute of being printed, and this one was used or is too old: press Enter in the terminal where Patchbay runs, and open the address that it prints.',
};

function answerKey(request: IncomingMessage, response: ServerResponse, door: Door): void {
  const session = door.open(bearer(request));
  if (session === null) refuse(request, response, deadKeyRefusal);
  else answerJson(request, response, { session });
}

function answerJson(request: IncomingMessage, response: ServerResponse, value: unknown): void {
  if (request.method !== 'POST')
    refuse(request, response, { status: 405, sentence: 'This is asked for with POST.' });
  else response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
}

function callRefusal({ method, headers }: IncomingMessage): Refusal | null {
  if (method !== 'GET' && method !== 'POST')
    return { status: 405, sentence: `Procedures are called with GET or POST, not ${method}.` };
  const bytes = Number(headers['content-length'] ?? 0);
  if (bytes <= largestBodyBytes) return null;
  const [sent, limit] = [bytes, largestBodyBytes].map((count) => Math.ceil(count / 1e6));
  const sentence = `The request has ${sent} MB, at most ${limit} MB are read at once; choose a smaller file.`;
  return { status: 413, sentence };
}

function answerFile(
  request: IncomingMessage,
  response: ServerResponse,
  file: PageFile | undefined,
): void {
  const { method } = request;
  if (method !== 'GET' && method !== 'HEAD') {
    refuse(request, response, {
      status: 405,
      sentence: `The page is read with GET, not ${method}.`,
    });
  } else if (!file) {
    const sentence = 'There is nothing at this address; go back to the start of the page.';
    refuse(request, response, { status: 404, sentence });
  } else {
    if (file.isHashed) response.setHeader('Cache-Control', 'private, max-age=31536000, immutable');
    response
      .writeHead(200, { 'Content-Type': file.type, 'Content-Length': file.bytes.length })
      .end(method === 'HEAD' ? undefined : file.bytes);
  }
}

/** In the form that whoever asked can show: an error of the contract, a page, or plain text. */
function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  { status, sentence }: Refusal,
): void {
  // Read to its end, the request lets the browser see the answer instead of a broken connection.
  request.resume();
  const [type, body] = refusalBody(request, status, sentence);
  if (status === 405) response.setHeader('Allow', 'GET, HEAD, POST');
  response
    .writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) })
    .end(body);
}

function refusalBody(
  { url = '', headers }: IncomingMessage,
  status: number,
  sentence: string,
): readonly [type: string, body: string] {
  if (url.startsWith(procedures)) {
    const code = refusalCodes[status] ?? 'BAD_REQUEST';
    const data = { code, httpStatus: status };
    const error = { message: sentence, code: TRPC_ERROR_CODES_BY_KEY[code], data };
    return ['application/json', JSON.stringify({ error })];
  }
  if (headers.accept?.includes('text/html') !== true)
    return ['text/plain; charset=utf-8', `${sentence}\n`];
  const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Patchbay</title><p>${sentence}</p></html>\n`;
  return ['text/html; charset=utf-8', page];
}

const refusalCodes: Readonly<Record<number, keyof typeof TRPC_ERROR_CODES_BY_KEY>> = {
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  405: 'METHOD_NOT_SUPPORTED',
  413: 'PAYLOAD_TOO_LARGE',
};
