/** The events of one run, kept so that a caller may join late or come back. */
import { isLast, type RunEvent } from '#engine/contract/run-event.ts';
import type { NumberedEvent } from '#engine/contract/host-service.ts';

export class RunLog {
  /** Title of the graph. */
  readonly graph: string;
  readonly until: string | null;
  readonly startedAt = new Date();
  readonly #events: RunEvent[] = [];
  #waiting: (() => void)[] = [];

  constructor(graph: string, until: string | null) {
    this.graph = graph;
    this.until = until;
  }

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
    const hasLeft = (): boolean => signal?.aborted ?? false;
    let wake = (): void => undefined;
    const leave = (): void => wake();
    signal?.addEventListener('abort', leave);
    try {
      for (let number = Math.max(0, after + 1); !hasLeft();) {
        const event = this.#events[number];
        if (event) {
          yield { number, event };
          number++;
        } else if (this.ended) {
          return;
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
            this.#waiting.push(resolve);
          });
        }
      }
    } finally {
      signal?.removeEventListener('abort', leave);
    }
  }
}
