/** Test support: what an outcome gives, where a test cannot go on without it. */
import type { Outcome } from '#engine/contract/outcome.ts';

export function valueOf<Value>(outcome: Outcome<Value>): Value {
  if (outcome.ok) return outcome.value;
  throw new Error(outcome.problems.map(({ code, message }) => `${code}: ${message}`).join('\n'));
}
