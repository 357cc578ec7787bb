/** Encoders that are joined look at the same pictures. */
import { error, type Problem } from '#engine/contract/problem.ts';
import { oneView, type WireOf } from '#engine/node/wire.ts';

/** Why the wire at a place, counted from 1, is not of the pictures of the first; null where it is. */
export function otherPictures(
  first: WireOf<'tokens'>,
  wire: WireOf<'tokens'>,
  place: number,
): Problem | null {
  const views = (of: WireOf<'tokens'>) => of.views ?? oneView;
  const [theirs, ours] = [views(first), views(wire)];
  if (ours.views === theirs.views && ours.known === theirs.known) return null;
  const message = `Wire ${place} brings ${ours.views} views, wire 1 brings ${theirs.views}; give all encoders the same pictures.`;
  return error('dimension-mismatch', message, { port: 'tokens' });
}
