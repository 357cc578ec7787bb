/**
 * The secret by which the engine server knows this window. It is bound to the origin and to this tab, and goes
 * along in a header of every request; a cookie would be sent to every other port of this machine as well.
 */
import { z } from 'zod';

const storageKey = 'patchbay-session';

const grantSchema = z.object({ session: z.string() });
const invitationSchema = z.object({ address: z.url() });

/** A request to the engine server, with the session. */
export function sessionFetch(input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
  return fetch(input, bearing(sessionStorage.getItem(storageKey) ?? '', init));
}

/** Changes the key in the window's address for the session, and takes it out of the address and the history. */
export async function takeKeyInAddress(): Promise<void> {
  const key = /^#key=([\w-]+)$/.exec(location.hash)?.[1];
  if (key === undefined) return;
  history.replaceState(history.state, '', location.pathname);
  const answer = await fetch('/session', bearing(key, { method: 'POST' })).catch(() => null);
  if (answer?.ok !== true) return;
  const { session } = grantSchema.parse(await answer.json());
  sessionStorage.setItem(storageKey, session);
  // For windows of this origin whose server was started anew.
  const others = new BroadcastChannel(storageKey);
  others.postMessage(session);
  others.close();
}

/** Does the server know this window? Null where there is no answer at all. */
export async function isKnown(): Promise<boolean | null> {
  try {
    return (await sessionFetch('/session')).ok;
  } catch {
    return null;
  }
}

/** Calls back when this window may be known again: by an address that a person pasted, or by another window. */
export function onNewSession(hear: () => void): void {
  window.addEventListener('hashchange', () => void takeKeyInAddress().then(hear));
  const takeOver = async (session: unknown): Promise<void> => {
    if ((await isKnown()) !== false) return;
    sessionStorage.setItem(storageKey, z.string().parse(session));
    hear();
  };
  new BroadcastChannel(storageKey).addEventListener('message', ({ data }) => void takeOver(data));
}

/** The address of one more window; null where the server does not give one. */
export async function invitation(): Promise<string | null> {
  const answer = await sessionFetch('/windows', { method: 'POST' }).catch(() => null);
  return answer?.ok === true ? invitationSchema.parse(await answer.json()).address : null;
}

function bearing(secret: string, init: RequestInit): RequestInit {
  const headers = new Headers(init.headers);
  headers.set('authorization', `Bearer ${secret}`);
  return { ...init, headers };
}
