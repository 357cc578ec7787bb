/** Goes in by an address as the page does: its key is changed for the session, which calls carry. For tests. */
export interface Entered {
  readonly origin: string;
  /** What a call is sent with. */
  readonly headers: Readonly<Record<string, string>>;
}

export async function enter(address: string): Promise<Entered> {
  const { origin, hash } = new URL(address);
  const answer = await knock(origin, hash.slice('#key='.length));
  if (!answer.ok) throw new Error(await answer.text());
  const { session } = (await answer.json()) as { readonly session: string };
  return { origin, headers: { authorization: `Bearer ${session}` } };
}

/** What the server says to a key. */
export const knock = (origin: string, key: string): Promise<Response> =>
  fetch(`${origin}/session`, { method: 'POST', headers: { authorization: `Bearer ${key}` } });
