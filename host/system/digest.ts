/** Short names for content. */
import { createHash } from 'node:crypto';

/** 32 hex digits over the parts and their lengths. */
export function digest(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex').slice(0, 32);
}
