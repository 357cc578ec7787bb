/** Encoders that are joined look at the same pictures. */
import { error, type Problem } from '#engine/contract/problem.ts';
import { oneView, type WireOf } from '#engine/node/wire.ts';

type Tokens = WireOf<'tokens'>;

/** Do two wires bring as many views, known alike? */
export function samePictures({ views: one = oneView }: Tokens, { views: other = oneView }: Tokens) {
  return one.views === other.views && one.known === other.known;
}

/** "1 view", "≈ 5 views" where the pictures decide. */
export function viewsPhrase({ views: { known, views } = oneView }: Tokens): string {
  return `${known ? '' : '≈ '}${views} ${views === 1 ? 'view' : 'views'}`;
}

/** Why the wire at a place, counted from 1, is not of the pictures of the first; null where it is. */
export function otherPictures(first: Tokens, wire: Tokens, place: number): Problem | null {
  if (samePictures(first, wire)) return null;
  const message = `Wire ${place} brings ${viewsPhrase(wire)}, wire 1 brings ${viewsPhrase(first)}; give all encoders the same pictures.`;
  return error('dimension-mismatch', message, { port: 'tokens' });
}
