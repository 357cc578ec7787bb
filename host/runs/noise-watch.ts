/** What else this machine does while passes are timed. */
import { readFileSync } from 'node:fs';
import os from 'node:os';
import type { Noise } from '#engine/contract/run-event.ts';
import {
  othersShare,
  ownProcessorMs,
  readProcessors,
  type ProcessorTimes,
} from '../system/processor-load.ts';

/** The system counts processor time in hundredths of a second; of less than so many nothing can be told. */
const leastMs = 500;
/** Reading the clocks takes as long as a small stage. */
const clockEveryMs = 250;

/** What the system tells of this moment. */
export interface Reading {
  readonly processors: ProcessorTimes;
  /** Processor time of this process with its threads. */
  readonly ownMs: number;
  readonly swappedBytes: number | null;
}

export class NoiseWatch {
  readonly #read: () => Reading;
  readonly #readClocks: () => readonly number[];
  readonly #begun: Reading;
  #lowestMHz = Infinity;
  #highestMHz = 0;
  #lookedAt = performance.now();

  /** `readClocks` gives the clocks of all processors in MHz, as they run now; none where the system does not say. */
  constructor(read = readSystem, readClocks = clocksMHz) {
    this.#read = read;
    this.#readClocks = readClocks;
    this.#begun = read();
    this.#noteClocks();
  }

  /** To be called between passes. */
  look(): void {
    if (performance.now() - this.#lookedAt < clockEveryMs) return;
    this.#noteClocks();
    this.#lookedAt = performance.now();
  }

  end(): Noise {
    const begun = this.#begun;
    const ended = this.#read();
    this.#noteClocks();
    const allMs = ended.processors.totalMs - begun.processors.totalMs;
    const ownMs = ended.ownMs - begun.ownMs;
    const swaps = [begun.swappedBytes, ended.swappedBytes];
    return {
      othersShare:
        allMs < leastMs * os.availableParallelism()
          ? null
          : othersShare(begun.processors, ended.processors, ownMs),
      swappedBytes: swaps.includes(null) ? null : Number(swaps[1]) - Number(swaps[0]),
      clockMHz:
        this.#highestMHz > 0 ? { lowest: this.#lowestMHz, highest: this.#highestMHz } : null,
    };
  }

  /** The fastest at a moment: processors that have nothing to do are slow, and disturb nobody. */
  #noteClocks(): void {
    const fastest = Math.max(0, ...this.#readClocks());
    if (fastest === 0) return;
    this.#lowestMHz = Math.min(this.#lowestMHz, fastest);
    this.#highestMHz = Math.max(this.#highestMHz, fastest);
  }
}

function readSystem(): Reading {
  return {
    processors: readProcessors(),
    ownMs: ownProcessorMs(),
    swappedBytes: swappedBytes(),
  };
}

const clocksMHz = (): readonly number[] =>
  os.cpus().flatMap(({ speed }) => (speed > 0 ? speed : []));

const pageBytes = 4096;

function swappedBytes(): number | null {
  if (process.platform !== 'linux') return null;
  try {
    const lines = readFileSync('/proc/vmstat', 'utf8').matchAll(/^pswp(?:in|out) (\d+)$/gm);
    return [...lines].reduce((sum, [, pages]) => sum + Number(pages) * pageBytes, 0);
  } catch {
    return null;
  }
}
