/**
 * How fast this machine's memory is read, by nothing but reading: as many processes as the engine has threads each look
 * for a byte that is not there in memory of its own, far larger than any cache.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { threadCount } from '#host/system/machine.ts';

/** The argument by which the program knows that it is one of them. */
export const readerArgument = 'read-memory';

const bufferBytes = 2 ** 29;
const times = 3;

/** Answers each message with how long it took to read its memory so often. */
export function readMemory(): void {
  // Written to: memory that was only given out as zeros is one and the same page.
  const memory = Buffer.alloc(bufferBytes, 1);
  process.on('message', () => {
    const startMs = performance.now();
    for (let time = 0; time < times; time++) memory.indexOf(2);
    process.send?.(performance.now() - startMs);
  });
  process.on('disconnect', () => process.exit());
  process.send?.('ready');
}

export class MemoryReader {
  readonly #children: readonly ChildProcess[];

  private constructor(children: readonly ChildProcess[]) {
    this.#children = children;
  }

  static async open(): Promise<MemoryReader> {
    const children = Array.from({ length: threadCount }, () =>
      fork(process.argv[1] ?? '', [readerArgument]),
    );
    await Promise.all(children.map(nextMessage));
    return new MemoryReader(children);
  }

  /** Bytes per second of all of them at once. */
  async bytesPerSecond(): Promise<number> {
    const answers = this.#children.map(async (child) => {
      const answer = nextMessage(child);
      child.send('read');
      return (await answer) as number;
    });
    const slowestMs = Math.max(...(await Promise.all(answers)));
    return (this.#children.length * bufferBytes * times) / (slowestMs / 1000);
  }

  close(): void {
    for (const child of this.#children) child.disconnect();
  }
}

function nextMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error('A process that reads memory ended.'));
    child.once('exit', ended);
    child.once('message', (message) => {
      child.off('exit', ended);
      resolve(message);
    });
  });
}
