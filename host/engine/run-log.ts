/** The events of one run, kept so that a caller may join late or come back. */
import { isLast, type RunEvent } from '#engine/contract/run-event.ts';
import type { NumberedEvent } from '#engine/contract/host-service.ts';

export class RunLog {
  readonly #events: RunEvent[] = [];
  #waiting: (() => void)[] = [];

  add(event: RunEvent): void {
    this.#events.push(event);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  get ended(): boolean {
    const last = this.#events.at(-1);
    return last !== undefined && isLast(last);
  }

  /** Everything after number `after`, past and to come, up to the run's last event. */
  async *follow(after: number, signal?: AbortSignal): AsyncGenerator<NumberedEvent> {
    const left = (): boolean => signal?.aborted ?? false;
    for (let number = after + 1; !left(); number++) {
      while (number >= this.#events.length) {
        if (this.ended || left()) return;
        await this.#next(signal);
      }
      const event = this.#events[number] as RunEvent;
      yield { number, event };
      if (isLast(event)) return;
    }
  }

  #next(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      signal?.addEventListener('abort', () => resolve(), { once: true });
    });
  }
}
