/** One pass over a graph: spans on a monotonic clock, each a row of the report. */
import type { Outcome } from '#engine/contract/outcome.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { MemoryWatch, type MemoryReading } from '../sessions/memory.ts';
import type { MemorySamples } from './memory-samples.ts';

export type Emit = (event: RunEvent) => void;

/** What a span found out besides its time. */
export interface SpanFacts {
  readonly tokensIn?: number | null;
  readonly tokensOut?: number | null;
  readonly flops?: number;
  readonly movedBytes?: number;
  readonly keyValueBytes?: number;
  readonly recurrentBytes?: number;
  /** What the span made and handed on. */
  readonly outputBytes?: number;
}

export interface PassRow {
  readonly stage: string;
  /** Memory that its model holds between passes. */
  readonly ownBytes: number;
}

export interface PassListeners {
  /** Hears of every row whose time begins to count. */
  readonly entered?: (stage: string) => void;
  /** Is given what the pass reads of memory. */
  readonly memory?: MemorySamples | undefined;
}

const noFacts = {
  tokensIn: null,
  tokensOut: null,
  flops: 0,
  movedBytes: null,
  keyValueBytes: 0,
  recurrentBytes: 0,
} as const;

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
  #peakBytes = 0;
  readonly #entered: (stage: string) => void;
  readonly #samples: MemorySamples | undefined;

  constructor(run: number, emit: Emit, { entered = () => undefined, memory }: PassListeners = {}) {
    this.run = run;
    this.#emit = emit;
    this.#entered = entered;
    this.#samples = memory;
  }

  /**
   * Runs `work` as one row of the report. `ownBytes` is the memory that the row's model holds
   * between passes; its peak is that plus what rises while it runs, or plus what it made where that
   * found room in memory that the process held already.
   */
  span<Value>(
    stage: string,
    ownBytes: number,
    work: () => Promise<Outcome<Value>> | Outcome<Value>,
    factsOf: (value: Value) => SpanFacts,
  ): Promise<Outcome<Value>> {
    return this.turns([{ stage, ownBytes }], work, factsOf);
  }

  /**
   * Runs `work` as several rows that take turns: time counts for the row entered last, at first the last of all.
   * Memory is read once for all of them, as a reading in every turn would take longer than some turns do.
   */
  async turns<Value>(
    rows: readonly PassRow[],
    work: (enter: (stage: string) => void) => Promise<Outcome<Value>> | Outcome<Value>,
    factsOf: (value: Value, stage: string) => SpanFacts,
  ): Promise<Outcome<Value>> {
    if (performance.now() - this.#toldAt > tellAfterMs) this.#tell();
    for (const { stage } of rows)
      this.#emit({ type: 'stage-progress', stage, phase: this.phase, run: this.run });
    const spentMs = new Map<string, number>();
    let current = rows.at(-1)?.stage ?? '';
    this.#entered(current);
    this.#memory.begin();
    const begunAt = performance.now();
    let since = begunAt;
    const enter = (stage: string): void => {
      const now = performance.now();
      spentMs.set(current, (spentMs.get(current) ?? 0) + now - since);
      current = stage;
      this.#entered(stage);
      since = now;
    };
    const outcome = await work(enter);
    enter('');
    if (!outcome.ok) return outcome;
    const memory = this.#memory.end();
    this.#peakBytes = Math.max(this.#peakBytes, memory.peakBytes);
    this.#sample(rows.at(-1)?.stage ?? '', begunAt, memory);
    for (const { stage, ownBytes } of rows) {
      this.#untold.push(() => {
        const { outputBytes = 0, ...known } = factsOf(outcome.value, stage);
        const peakBytes = ownBytes + Math.max(memory.growthBytes, outputBytes);
        const latencyMs = spentMs.get(stage) ?? 0;
        const { run } = this;
        return { type: 'stage-measured', stage, run, latencyMs, peakBytes, ...noFacts, ...known };
      });
    }
    return outcome;
  }

  get phase(): 'warming-up' | 'running' {
    return this.run === 0 ? 'warming-up' : 'running';
  }

  /** Since the pass began. */
  get elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  end(): void {
    const wallMs = this.elapsedMs;
    this.#tell();
    this.#emit({
      type: 'run-measured',
      run: this.run,
      wallMs,
      peakBytes: this.#peakBytes,
    });
  }

  #sample(stage: string, begunAt: number, { beforeBytes, peakBytes }: MemoryReading): void {
    const { phase } = this;
    // While models are loaded between spans, what was read at the end of the last is long over.
    const known = this.run > 0 ? beforeBytes : null;
    const span = { stage, phase, begunAt, beforeBytes: known, peakBytes };
    for (const sample of this.#samples?.ofSpan(span) ?? []) this.#untold.push(() => sample);
  }

  #tell(): void {
    for (const event of this.#untold) this.#emit(event());
    this.#untold = [];
    this.#toldAt = performance.now();
  }
}
