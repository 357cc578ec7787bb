/**
 * Who is let in: a page that brings a launch key is given the session, and whoever holds the session may call.
 * Neither travels by itself, as a cookie would to every port of this machine: the page sends them in a header.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';

/** A browser that takes longer to come up is given another key. */
export const keyLifeMs = 60_000;

export class Door {
  /** Lives as long as the server does: no other program that takes its port later can use what it hears. */
  readonly #session = secret();
  /** The keys that have not been used, each with the time at which it dies. */
  readonly #keys = new Map<string, number>();
  readonly #nowMs: () => number;

  /** `nowMs` never goes back, whatever is done to the clock. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** A key that opens once, within `keyLifeMs`. */
  cutKey(): string {
    this.#dropDeadKeys();
    const key = secret();
    this.#keys.set(key, this.#nowMs() + keyLifeMs);
    return key;
  }

  /** The session, for a key that nobody has used; null for any other. */
  open(key: string): string | null {
    this.#dropDeadKeys();
    const held = [...this.#keys.keys()].find((other) => isSame(key, other));
    if (held === undefined) return null;
    this.#keys.delete(held);
    return this.#session;
  }

  knows(session: string): boolean {
    return isSame(session, this.#session);
  }

  #dropDeadKeys(): void {
    const now = this.#nowMs();
    for (const [key, diesAt] of this.#keys) if (diesAt <= now) this.#keys.delete(key);
  }
}

const secret = (): string => randomBytes(32).toString('base64url');

/** Takes as long for a nearly right secret as for a wrong one. */
function isSame(given: string, held: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(held)];
  return one.length === other.length && timingSafeEqual(one, other);
}
