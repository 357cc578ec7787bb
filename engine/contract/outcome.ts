/** Expected failure is a value with a code and a place; a throw is a bug. */
import type { Problem } from './problem.ts';

export type Outcome<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export function ok<Value>(value: Value): Outcome<Value> {
  return { ok: true, value };
}

export function fail(...problems: readonly Problem[]): Outcome<never> {
  return { ok: false, problems };
}

/** Ends every `switch` over a union: a new member that nobody handles does not compile. */
export function assertNever(value: never): never {
  throw new Error(`Unhandled case: ${JSON.stringify(value)}`);
}
