/** What only a server that holds the session can answer to a question. */
export async function proofOf(session: string, question: string): Promise<string> {
  const text = new TextEncoder();
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const held = text.encode(session);
  const key = await crypto.subtle.importKey('raw', held, algorithm, false, ['sign']);
  const proof = new Uint8Array(await crypto.subtle.sign('HMAC', key, text.encode(question)));
  // As the server writes it, base64url.
  const characters = btoa(String.fromCharCode(...proof));
  return characters.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}
