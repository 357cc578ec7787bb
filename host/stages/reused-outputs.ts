/** What a graph gave in the last run, where it is given the same again. */
import { createHash } from 'node:crypto';
import type { TensorMap } from '../sessions/sessions.ts';
import type { Kept } from './kept.ts';

/** A name for what a graph is given: another one for every other number, size or input. */
export function feedsDigest(feeds: TensorMap): string {
  const hash = createHash('sha256');
  for (const name of Object.keys(feeds).toSorted()) {
    const { type, dims, data } = feeds[name] as TensorMap[string];
    if (!ArrayBuffer.isView(data)) throw new Error(`"${name}" is a tensor of text.`);
    // Name and sizes say how many bytes follow.
    hash.update(JSON.stringify([name, type, dims]));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}

/** The outputs of all runs of a model, by the digests of what they are given, left for the next run too; null where one is new. */
export function reusedOutputs(
  kept: Kept<TensorMap>,
  model: string,
  digests: readonly string[],
): readonly TensorMap[] | null {
  const outputs = digests
    .map((digest) => kept.take(model, digest))
    .filter((tensors) => tensors !== null);
  if (outputs.length < digests.length) return null;
  for (const [index, digest] of digests.entries())
    kept.leave(model, digest, outputs[index] as TensorMap);
  return outputs;
}
