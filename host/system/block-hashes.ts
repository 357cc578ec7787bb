/**
 * Hashes files block by block, several threads at once: they share the work where there are cores for it,
 * and go on while the caller's own thread is inside ONNX Runtime.
 */
import crypto from 'node:crypto';
import fs from 'node:fs';
import { Worker } from 'node:worker_threads';
import { threadCount } from './machine.ts';

/** Few enough to list, and short enough to stop at: a hundredth of a second. */
export const hashBlockBytes = 2 ** 24;

/** Below this a thread takes longer to start than to help. */
const threadWorthBytes = 4 * hashBlockBytes;

/**
 * GMAC (NIST SP 800-38D) under a key that is no secret is the fastest sum that Node.js has. It finds for certain
 * whatever changed within 16 bytes, and else misses one change in 2^100; against who means to deceive it is
 * nothing, and so for what we wrote ourselves. SHA-256 (FIPS 180-4) tells files of others apart, a fifth as fast.
 */
export type BlockHash = 'gmac' | 'sha256';
const hashBytes = { gmac: 16, sha256: 32 } as const;

export interface FileToHash {
  readonly path: string;
  readonly sizeBytes: number;
}

/** What all threads see. */
interface Task {
  readonly files: readonly (FileToHash & { readonly firstBlock: number })[];
  readonly hash: BlockHash;
  readonly hashBytes: number;
  readonly blockBytes: number;
  readonly blockCount: number;
  /** How many blocks have been taken, and how many are done. */
  readonly counts: Int32Array;
  /** The hashes, one after the other. */
  readonly hashes: Uint8Array;
}

const taken = 0;
const done = 1;

export class BlockHashing {
  readonly #task: Task;
  readonly #threads: readonly Promise<void>[];

  /** Begins in threads of its own, `helpers` of them at most; none where the files are small. */
  constructor(files: readonly FileToHash[], hash: BlockHash, helpers = threadCount) {
    let blockCount = 0;
    const placed = files.map((file) => {
      const firstBlock = blockCount;
      blockCount += Math.ceil(file.sizeBytes / hashBlockBytes);
      return { ...file, firstBlock };
    });
    const size = hashBytes[hash];
    this.#task = {
      files: placed,
      hash,
      hashBytes: size,
      blockBytes: hashBlockBytes,
      blockCount,
      counts: new Int32Array(new SharedArrayBuffer(8)),
      hashes: new Uint8Array(new SharedArrayBuffer(Math.max(1, blockCount * size))),
    };
    const totalBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const count = totalBytes < threadWorthBytes ? 0 : Math.min(helpers, blockCount);
    this.#threads = Array.from({ length: count }, () => startThread(this.#task));
    // Whoever waits hears of a failure; until then nobody does.
    for (const thread of this.#threads) thread.catch(() => undefined);
  }

  get doneBytes(): number {
    return Atomics.load(this.#task.counts, done) * hashBlockBytes;
  }

  /** Ends after the blocks that are being read; nothing that it gave counts any more. */
  stop(): void {
    Atomics.store(this.#task.counts, taken, this.#task.blockCount);
  }

  /**
   * Takes part in what is left, and gives the hashes of each file. Throws the system's error where a file
   * cannot be read, and one with the code 'EOF' where it is shorter than was said.
   */
  async join(): Promise<readonly (readonly string[])[]> {
    takeBlocks(this.#task, tools);
    return this.settled();
  }

  /** As `join`, but leaves the work to the threads, and so the caller's thread free. */
  async settled(): Promise<readonly (readonly string[])[]> {
    if (this.#threads.length === 0) takeBlocks(this.#task, tools);
    await Promise.all(this.#threads);
    const { files, hashes, hashBytes: size } = this.#task;
    return files.map(({ firstBlock, sizeBytes }) =>
      Array.from({ length: Math.ceil(sizeBytes / hashBlockBytes) }, (_, block) => {
        const start = (firstBlock + block) * size;
        return Buffer.from(hashes.subarray(start, start + size)).toString('hex');
      }),
    );
  }
}

const tools = { fs, crypto };
type Tools = typeof tools;

// The text of these two functions is all that other threads have of this file: they use nothing but what they are given.

/** Hashes the next block that nobody has taken, until none is left. */
function takeBlocks(task: Task, given: Tools): void {
  const { files, counts } = task;
  const chunk = new Uint8Array(2 ** 20);
  let at = -1;
  let descriptor = -1;
  try {
    for (;;) {
      const block = Atomics.add(counts, 0, 1);
      if (block >= task.blockCount) return;
      // Blocks are taken in order, so that the way through the files leads forwards only.
      const index = files.findLastIndex(({ firstBlock }) => firstBlock <= block);
      const file = files[index] as Task['files'][number];
      if (index !== at) {
        if (descriptor >= 0) given.fs.closeSync(descriptor);
        descriptor = -1;
        descriptor = given.fs.openSync(file.path, 'r');
        at = index;
      }
      const start = (block - file.firstBlock) * task.blockBytes;
      const end = Math.min(start + task.blockBytes, file.sizeBytes);
      const hash = hashRange(task.hash, descriptor, [start, end], chunk, given);
      task.hashes.set(hash, block * task.hashBytes);
      Atomics.add(counts, 1, 1);
    }
  } finally {
    if (descriptor >= 0) given.fs.closeSync(descriptor);
  }
}

function hashRange(
  hash: BlockHash,
  descriptor: number,
  [start, end]: readonly [number, number],
  chunk: Uint8Array,
  given: Tools,
): Uint8Array {
  const sha256 = given.crypto.createHash('sha256');
  const gmac = given.crypto.createCipheriv('aes-128-gcm', new Uint8Array(16), new Uint8Array(12));
  for (let position = start; position < end;) {
    const wanted = Math.min(chunk.length, end - position);
    const length = given.fs.readSync(descriptor, chunk, 0, wanted, position);
    if (length === 0) throw Object.assign(new Error('A file ended early.'), { code: 'EOF' });
    const part = length === chunk.length ? chunk : chunk.subarray(0, length);
    if (hash === 'sha256') sha256.update(part);
    else gmac.setAAD(part);
    position += length;
  }
  if (hash === 'sha256') return sha256.digest();
  gmac.final();
  return gmac.getAuthTag();
}

/** As text, so that one file serves the sources, the bundle and the desktop app alike. */
const threadProgram = `
${hashRange.toString()}
const tools = { fs: require('node:fs'), crypto: require('node:crypto') };
(${takeBlocks.toString()})(require('node:worker_threads').workerData, tools);
`;

function startThread(task: Task): Promise<void> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(threadProgram, { eval: true, workerData: task });
    thread.once('error', reject);
    thread.once('exit', () => resolve());
  });
}
