/**
 * Who may speak to the server: the browser that was given this launch's key, on a page of ours. Other pages in
 * that browser, other names that point at this machine, and other programs without the key are refused.
 */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export interface Secrets {
  readonly port: number;
  /** In the address that Patchbay prints. */
  readonly key: string;
  /** In the cookie that a right key is changed for. */
  readonly session: string;
}

export interface Refusal {
  readonly status: number;
  readonly sentence: string;
}

export type Admission =
  | { readonly type: 'admitted' }
  /** The key is right: set the cookie, and have the key leave the address. */
  | { readonly type: 'welcome'; readonly cookie: string }
  | ({ readonly type: 'refused' } & Refusal);

export function admit(request: IncomingMessage, secrets: Secrets): Admission {
  const foreign = foreignCaller(request, secrets.port);
  if (foreign) return { type: 'refused', ...foreign };
  const [path, query] = splitAddress(request.url ?? '');
  const given = path === '/' ? new URLSearchParams(query).get('key') : null;
  if (given !== null && isSame(given, secrets.key)) {
    const cookie = `${cookieName(secrets.port)}=${secrets.session}; Path=/; HttpOnly; SameSite=Strict`;
    return { type: 'welcome', cookie };
  }
  const held = cookies(request.headers.cookie).get(cookieName(secrets.port));
  if (given === null && held !== undefined && isSame(held, secrets.session))
    return { type: 'admitted' };
  const sentence =
    given === null
      ? 'Patchbay does not know this browser: open the address that Patchbay printed when it started.'
      : 'The key in this address is not the one of this launch: open the address that Patchbay printed when it started last.';
  return { type: 'refused', status: 401, sentence };
}

/** Path and query as they were sent, nothing resolved in them. */
export function splitAddress(address: string): readonly [path: string, query: string] {
  const [path = '', ...query] = address.split('?');
  return [path, query.join('?')];
}

function foreignCaller({ headers }: IncomingMessage, port: number): Refusal | null {
  const { host, origin } = headers;
  // A name of someone else's that points at this machine would make their page one of ours.
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`) {
    const sentence = `Patchbay answers at http://127.0.0.1:${port} only, not under other names: open that address.`;
    return { status: 421, sentence };
  }
  // Absent where the caller is no browser, which needs the key like any other.
  const site = headers['sec-fetch-site'] ?? 'none';
  const isOwnSite = site === 'same-origin' || site === 'none';
  if (!isOwnSite || (origin !== undefined && origin !== `http://${host}`)) {
    const sentence =
      'Patchbay answers its own page only, and this request comes from another: type or paste the address that Patchbay printed into the address bar.';
    return { status: 403, sentence };
  }
  return null;
}

/** Cookies know no ports; the name keeps two servers apart. */
const cookieName = (port: number): string => `patchbay-${port}`;

function cookies(header = ''): ReadonlyMap<string, string> {
  const pairs = header.split(';').map((pair) => pair.trim().split('='));
  return new Map(pairs.map(([name = '', ...value]) => [name, value.join('=')]));
}

/** Takes as long for a nearly right secret as for a wrong one. */
function isSame(given: string, secret: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(secret)];
  return one.length === other.length && timingSafeEqual(one, other);
}
