/**
 * How fast this machine's memory is read, by nothing but reading: as many threads as the engine has each compare one half
 * of memory of their own with the other, which is alike; together far larger than any cache. To look for a byte that is
 * not there reaches only 0.7 times as much, as that reads in one place alone.
 */
import { Worker } from 'node:worker_threads';
import { threadCount } from '../system/machine.ts';

/** Of a thread; of very many threads less, as they share one memory. */
const bufferBytes = Math.max(2 ** 26, Math.min(2 ** 29, 2 ** 31 / threadCount));
const times = 3;

/** What Node.js gives a thread. */
interface Tools {
  readonly parentPort: {
    on(event: 'message', listener: () => void): void;
    postMessage(message: number): void;
  };
  readonly workerData: { readonly bytes: number; readonly times: number };
}

/** Answers each message with how many milliseconds it took to read its memory so often. */
function readMemory({ parentPort, workerData }: Tools): void {
  // Written to: memory that was only given out as zeros is one and the same page.
  const memory = Buffer.alloc(workerData.bytes, 1);
  const half = memory.subarray(0, workerData.bytes / 2);
  const other = memory.subarray(workerData.bytes / 2);
  parentPort.on('message', () => {
    // What has lain untouched for long may be far away; it is read once before it counts.
    half.equals(other);
    const startMs = performance.now();
    for (let time = 0; time < workerData.times; time++) half.equals(other);
    parentPort.postMessage(performance.now() - startMs);
  });
  parentPort.postMessage(0);
}

/** As text, so that one file serves the sources, the bundle and the desktop app alike. */
const threadProgram = `(${readMemory.toString()})(require('node:worker_threads'));`;

export class MemoryReader {
  readonly #threads: readonly Worker[];

  private constructor(threads: readonly Worker[]) {
    this.#threads = threads;
  }

  static async open(): Promise<MemoryReader> {
    const threads = Array.from(
      { length: threadCount },
      () => new Worker(threadProgram, { eval: true, workerData: { bytes: bufferBytes, times } }),
    );
    await Promise.all(threads.map(nextAnswer));
    return new MemoryReader(threads);
  }

  /** Bytes per second of all of them at once. */
  async bytesPerSecond(): Promise<number> {
    const answers = this.#threads.map((thread) => {
      const answer = nextAnswer(thread);
      thread.postMessage('read');
      return answer;
    });
    const slowestMs = Math.max(...(await Promise.all(answers)));
    return (this.#threads.length * bufferBytes * times) / (slowestMs / 1000);
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }
}

function nextAnswer(thread: Worker): Promise<number> {
  return new Promise((resolve, reject) => {
    const ended = (cause: unknown): void =>
      reject(new Error('A thread that reads memory ended.', { cause }));
    thread.once('error', ended);
    thread.once('message', (answer: number) => {
      thread.off('error', ended);
      resolve(answer);
    });
  });
}
