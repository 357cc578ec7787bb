/** What the engine process holds in the course of a run, sampled where that disturbs no timed pass. */
import type { RunEvent, StagePhase } from '#engine/contract/run-event.ts';
import { residentBytes } from '../sessions/memory.ts';

type Tell = (event: RunEvent) => void;
type Sample = Extract<RunEvent, { type: 'memory-sampled' }>;

/** A span of a pass, with the readings that the pass took of it anyway. */
export interface SampledSpan {
  readonly stage: string;
  readonly phase: StagePhase;
  /** On the clock of `performance.now`. */
  readonly begunAt: number;
  /** Null where what was read before says nothing of its begin. */
  readonly beforeBytes: number | null;
  readonly peakBytes: number;
}

/** A reading takes microseconds; ONNX Runtime works beside the event loop, so a timer is heard in long stages too. */
const tickMs = 100;
/** In what takes long, readings lie this share of the time gone by apart. */
const apartShare = 1 / 30;
/** So many come as they are; from then on also those of spans keep apart. */
const denseCount = 300;
/** No run tells more, however long; the last ones are kept for its end. */
const mostCount = 600;
const lastOnes = 2;

export class MemorySamples {
  readonly #tell: Tell;
  readonly #startedAt = performance.now();
  #timer: ReturnType<typeof setInterval> | undefined;
  #stage: string | null = null;
  #phase: StagePhase | null = null;
  #count = 0;
  #lastMs = 0;

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  /** Passes a run's events on, and hears from them where the run is. */
  readonly emit: Tell = (event) => {
    this.#tell(event);
    if (event.type === 'stage-progress') {
      this.#stage = event.stage;
      this.#phase = event.phase;
    } else if (event.type === 'run-measured') {
      this.#stage = null;
      this.#phase = null;
    } else if (event.type === 'stage-loaded' && this.#hasRoom) {
      this.#take({ stage: event.stage, phase: 'loading' });
    }
  };

  begin(): void {
    this.#take({ stage: null, phase: null });
    this.#timer = setInterval(() => {
      if (this.#hasRoom && this.#isApart(this.#elapsedMs))
        this.#take({ stage: this.#stage, phase: this.#phase });
    }, tickMs).unref();
  }

  /** From here on nothing is sampled. */
  end(): void {
    clearInterval(this.#timer);
    this.#take({ stage: null, phase: null });
    this.#count = mostCount;
  }

  /** What is to be told of a span: both of its ends, its end alone, or nothing. Reads nothing itself. */
  ofSpan({ stage, phase, begunAt, beforeBytes, peakBytes }: SampledSpan): readonly Sample[] {
    const atMs = this.#elapsedMs;
    if (!this.#hasRoom || (this.#count >= denseCount && !this.#isApart(atMs))) return [];
    const sample = { type: 'memory-sampled', stage, phase } as const;
    const samples = [
      ...(beforeBytes === null
        ? []
        : [{ ...sample, atMs: begunAt - this.#startedAt, residentBytes: beforeBytes }]),
      { ...sample, atMs, residentBytes: peakBytes },
    ];
    this.#count += samples.length;
    this.#lastMs = atMs;
    return samples;
  }

  get #elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  get #hasRoom(): boolean {
    return this.#count + lastOnes < mostCount;
  }

  #isApart(atMs: number): boolean {
    return atMs - this.#lastMs >= Math.max(tickMs, atMs * apartShare) - 1;
  }

  #take(where: Pick<Sample, 'stage' | 'phase'>): void {
    const atMs = this.#elapsedMs;
    this.#count += 1;
    this.#lastMs = atMs;
    this.#tell({ type: 'memory-sampled', atMs, residentBytes: residentBytes(), ...where });
  }
}
