/** A process that owns ONNX Runtime, from start to end: messages to and from it, and what it leaves behind cleared away. */
import { existsSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from '../cache/cache-folder.ts';
import { removeUnfinished } from '../cache/stage-cache.ts';
import { forkChild, type ChildEnd, type ChildProgram } from '../system/child-program.ts';
import { endNotedPrograms, notingEnvironment } from '../system/started-programs.ts';
import type { EngineEnd } from './death.ts';
import { OutOfMemoryWatch } from './out-of-memory.ts';

export interface ProcessListener<Sent extends object, Heard> {
  readonly parse: (message: unknown) => Heard;
  readonly heard: (handle: ProcessHandle<Sent, Heard>, message: Heard) => void;
  /** The process ended and nobody had asked it to. */
  readonly died: (handle: ProcessHandle<Sent, Heard>, end: EngineEnd) => void;
}

export class ProcessHandle<Sent extends object, Heard> {
  readonly #child: ChildProgram;
  /** Where the process puts temporary files; it may end without a chance to remove them itself. */
  readonly #temporary: string | null = temporaryFolder();
  readonly #memory = new OutOfMemoryWatch();
  readonly #gone: Promise<void>;
  #isWanted = true;

  constructor(entry: string, listener: ProcessListener<Sent, Heard>, startChild = forkChild) {
    const args = this.#temporary === null ? [] : [this.#temporary];
    this.#child = startChild(entry, args, engineEnvironment(this.#temporary));
    this.#child.onMessage((raw) => {
      this.#memory.heard();
      listener.heard(this, listener.parse(raw));
    });
    this.#gone = this.#untilGone(listener);
  }

  /** The id of the process; undefined where the system would not start it. */
  get processId(): number | undefined {
    return this.#child.processId;
  }

  /** Can it still be given work? */
  get isReachable(): boolean {
    return this.#isWanted && this.#child.isReachable;
  }

  send(message: Sent): void {
    this.#child.post(message);
  }

  /** Ends the process at once; resolves when it is gone and nothing of it is left on disk. */
  async kill(): Promise<void> {
    this.#isWanted = false;
    this.#child.kill();
    await this.#gone;
  }

  async #untilGone(listener: ProcessListener<Sent, Heard>): Promise<void> {
    const end = await new Promise<ChildEnd>((resolve) => {
      this.#child.onEnd(resolve);
    });
    const outOfMemory = end.signal === 'SIGKILL' && this.#memory.hasKilled();
    const { processId } = this.#child;
    if (processId !== undefined) await removeUnfinished(cacheFolder(), processId);
    if (this.#temporary !== null) await clear(this.#temporary);
    if (!this.#isWanted) return;
    listener.died(this, { ...end, outOfMemory });
  }
}

async function clear(temporary: string): Promise<void> {
  // A process that ended on being asked has taken its folder with it.
  if (existsSync(temporary)) endNotedPrograms(temporary);
  await rm(temporary, { recursive: true, force: true });
}

function temporaryFolder(): string | null {
  try {
    return mkdtempSync(join(os.tmpdir(), 'patchbay-engine-'));
  } catch {
    // Whoever needs a temporary file will say so.
    return null;
  }
}

/**
 * The C library gives blocks above the first size back to the system as they are freed, and what is free at the end of
 * its heap above the second (mallopt(3)). Left alone it raises both to the largest block it has seen, and the
 * activations of a long prompt leave holes that stay resident. What steps make anew lies under both, as memory new to
 * the process costs a page fault every 4 KB: the states of a recurrent layer at each token (half a megabyte of RWKV-6
 * 1.6B; 10% of decode), keys and values of a layer at each piece of a prompt (2 MB of Phi-2, 130 MB of all its layers;
 * 2% of prefill). Few heaps leave few holes. Where the system has large pages for who asks (glibc.malloc.hugetlb), blocks
 * lie on them: fewer are looked up as keys and values are read, 6% of decode behind 600 tokens of Phi-2.
 */
const allocation = {
  MALLOC_MMAP_THRESHOLD_: String(2 ** 22),
  MALLOC_TRIM_THRESHOLD_: String(2 ** 27),
  MALLOC_ARENA_MAX: '2',
  GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
};

/** Names the folder as Unix and as Windows know it. */
function engineEnvironment(temporary: string | null): NodeJS.ProcessEnv {
  const environment = { ...allocation, ...process.env };
  if (temporary === null) return environment;
  const places = { TMPDIR: temporary, TEMP: temporary, TMP: temporary };
  return { ...environment, ...places, ...notingEnvironment(temporary) };
}
