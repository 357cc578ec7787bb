/** The ids of a text that a tokenizer does not refuse. For tests. */
import type { Outcome } from '#engine/contract/outcome.ts';

export function encoded(ids: Outcome<readonly number[]>): readonly number[] {
  if (!ids.ok) throw new Error(ids.problems[0]?.message);
  return ids.value;
}
