/** The rows of a language model's table. */
import { int64, type Session, type Tensor } from '../sessions/sessions.ts';

/** Token ids → their embeddings [count, D]. */
export async function embedTokens(session: Session, ids: readonly number[]): Promise<Float32Array> {
  if (ids.length === 0) return new Float32Array(0);
  const { embeddings } = await session.run({ ids: int64(ids, [1, ids.length]) });
  return (embeddings as Tensor).data as Float32Array;
}
