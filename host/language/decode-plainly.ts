/** One token at a time: each is fed back for the next. */
import { ok } from '#engine/contract/outcome.ts';
import type { Decode } from './decoding.ts';

export const decodePlainly: Decode = async ({ model, logits, choose, write, room, timed }) => {
  let current = logits;
  for (;;) {
    const id = choose(current);
    if (!write(id)) return ok(null);
    const next = await timed('decode', () => model.extend([id], 'last', room()));
    if (!next.ok) return next;
    current = next.value;
  }
};
