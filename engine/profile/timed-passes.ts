/** When a run that was given no number of passes has timed enough of them. */
import type { RunEvent } from '../contract/run-event.ts';
import { runLimits } from '../contract/run-request.ts';
import { median, medianInterval } from './statistics.ts';

/** Longer nobody is kept waiting for a figure that is steadier yet. */
const mostTimedMs = 2_000;
/** As many as tell a twentieth of them. */
const leastPasses = 20;
/** How wide the interval of a median may be, and how far its two halves may lie apart, of the median. */
const narrow = 0.05;
/** Rows that take less of a pass do not decide. */
const leastShare = 0.05;

/** Hears the events of the timed passes of one run. */
export class TimedPasses {
  readonly #latenciesMs = new Map<string, number[]>();
  #passes = 0;
  #timedMs = 0;

  hear(event: RunEvent): void {
    if (event.type === 'stage-measured') {
      const known = this.#latenciesMs.get(event.stage);
      if (known) known.push(event.latencyMs);
      else this.#latenciesMs.set(event.stage, [event.latencyMs]);
    } else if (event.type === 'run-measured') {
      this.#passes += 1;
      this.#timedMs += event.wallMs;
    }
  }

  /** `wanted` is a number of passes, or null for as many as make every row that matters steady, or fill two seconds. */
  areEnough(wanted: number | null): boolean {
    if (wanted !== null) return this.#passes >= wanted;
    if (this.#timedMs >= mostTimedMs || this.#passes >= runLimits.runs) return true;
    return this.#passes >= leastPasses && this.#areSteady();
  }

  #areSteady(): boolean {
    const rows = [...this.#latenciesMs.values()];
    const medians = rows.map(median);
    const passMs = medians.reduce((sum, each) => sum + each, 0);
    return rows.every((row, index) => {
      const middle = medians[index] as number;
      return middle < leastShare * passMs || isSteady(row, middle);
    });
  }
}

/** A processor that still gets faster gives a narrow interval at first, but its second half lies below the first. */
function isSteady(latenciesMs: readonly number[], middle: number): boolean {
  const interval = medianInterval(latenciesMs);
  const half = Math.floor(latenciesMs.length / 2);
  const drift = median(latenciesMs.slice(half)) - median(latenciesMs.slice(0, half));
  const width = interval ? interval.to - interval.from : Infinity;
  return Math.max(width, Math.abs(drift)) <= narrow * middle;
}
