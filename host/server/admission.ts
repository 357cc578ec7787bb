/** From where a request may come: pages of ours and programs of this machine, under the server's own name. */
import type { IncomingMessage } from 'node:http';

export interface Refusal {
  readonly status: number;
  readonly sentence: string;
}

/** Why the caller is none of ours; null where it may be. */
export function foreignCaller(request: IncomingMessage, port: number): Refusal | null {
  const { host, origin } = request.headers;
  // A name of someone else's that points at this machine would make their page one of ours.
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`) {
    const sentence = `Patchbay answers at http://127.0.0.1:${port} only, not under other names: open that address.`;
    return { status: 421, sentence };
  }
  // Absent where the caller is no browser, which needs the session like any other.
  const site = request.headers['sec-fetch-site'] ?? 'none';
  const isOwnSite = site === 'same-origin' || site === 'none' || opensPage(request);
  if (!isOwnSite || (origin !== undefined && origin !== `http://${host}`)) {
    const sentence =
      'Patchbay answers its own page only, and this request comes from another: type or paste the address that Patchbay printed into the address bar.';
    return { status: 403, sentence };
  }
  return null;
}

/** What follows "Bearer": the session, or a key; empty where there is none. */
export function bearer({ headers }: IncomingMessage): string {
  return /^Bearer ([\w-]{1,100})$/.exec(headers.authorization ?? '')?.[1] ?? '';
}

/** Path and query as they were sent, nothing resolved in them. */
export function splitAddress(address: string): readonly [path: string, query: string] {
  const [path = '', ...query] = address.split('?');
  return [path, query.join('?')];
}

/**
 * A link in a mail or the file that `npm start` hands to a browser is another site, and may bring the whole
 * window to the page: alone the page holds no secret, and no other page can look into it.
 */
function opensPage({ method, url = '', headers }: IncomingMessage): boolean {
  const [path] = splitAddress(url);
  const isWholeWindow =
    headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  return method === 'GET' && path === '/' && isWholeWindow;
}
