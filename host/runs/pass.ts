/** One pass over a graph: spans on a monotonic clock, each a row of the report. */
import type { Outcome } from '#engine/contract/outcome.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { MemoryWatch } from './memory.ts';

export type Emit = (event: RunEvent) => void;

/** What a span found out besides its time. */
export interface SpanFacts {
  readonly tokensIn?: number | null;
  readonly tokensOut?: number | null;
  readonly flops?: number;
  readonly keyValueBytes?: number;
  /** What the span made and handed on. */
  readonly outputBytes?: number;
}

/**
 * Working out and sending what was measured takes time of its own, which belongs to no stage: rows are
 * kept until the pass ends, or until so much time has gone by that it does not matter.
 */
const tellAfterMs = 100;

export class Pass {
  /** 0 warms up; timed passes count from 1. */
  readonly run: number;
  readonly #emit: Emit;
  readonly #memory = new MemoryWatch();
  readonly #startedAt = performance.now();
  #toldAt = this.#startedAt;
  #untold: (() => RunEvent)[] = [];
  #firstTokenMs: number | null = null;
  #peakBytes = 0;

  constructor(run: number, emit: Emit) {
    this.run = run;
    this.#emit = emit;
  }

  /**
   * Runs `work` as one row of the report. `ownBytes` is the memory that the row's model holds
   * between passes; its peak is that plus what rises while it runs, or plus what it made where that
   * found room in memory that the process held already.
   */
  async span<Value>(
    stage: string,
    ownBytes: number,
    work: () => Promise<Outcome<Value>> | Outcome<Value>,
    factsOf: (value: Value) => SpanFacts,
  ): Promise<Outcome<Value>> {
    if (performance.now() - this.#toldAt > tellAfterMs) this.#tell();
    this.#emit({ type: 'stage-progress', stage, phase: this.phase, run: this.run });
    this.#memory.begin();
    const start = performance.now();
    const outcome = await work();
    const latencyMs = performance.now() - start;
    if (!outcome.ok) return outcome;
    const memory = this.#memory.end();
    this.#peakBytes = Math.max(this.#peakBytes, memory.peakBytes);
    this.#untold.push(() => {
      const { outputBytes = 0, ...known } = factsOf(outcome.value);
      const facts = { tokensIn: null, tokensOut: null, flops: 0, keyValueBytes: 0, ...known };
      const peakBytes = ownBytes + Math.max(memory.growthBytes, outputBytes);
      return { type: 'stage-measured', stage, run: this.run, latencyMs, peakBytes, ...facts };
    });
    return outcome;
  }

  get phase(): 'warming-up' | 'running' {
    return this.run === 0 ? 'warming-up' : 'running';
  }

  firstToken(): void {
    this.#firstTokenMs ??= performance.now() - this.#startedAt;
  }

  end(): void {
    const wallMs = performance.now() - this.#startedAt;
    this.#tell();
    this.#emit({
      type: 'run-measured',
      run: this.run,
      wallMs,
      timeToFirstTokenMs: this.#firstTokenMs,
      peakBytes: this.#peakBytes,
    });
  }

  #tell(): void {
    for (const event of this.#untold) this.#emit(event());
    this.#untold = [];
    this.#toldAt = performance.now();
  }
}
