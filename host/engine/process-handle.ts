/** A process that owns ONNX Runtime, from start to end: messages to and from it, and what it leaves behind cleared away. */
import { fork, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from '../cache/cache-folder.ts';
import { removeUnfinished } from '../cache/stage-cache.ts';
import { endNotedPrograms, notingEnvironment } from '../system/started-programs.ts';
import { outOfMemoryKills, type EngineEnd } from './death.ts';

export interface ProcessListener<Sent extends object, Heard> {
  readonly parse: (message: unknown) => Heard;
  readonly heard: (handle: ProcessHandle<Sent, Heard>, message: Heard) => void;
  /** The process ended and nobody had asked it to. */
  readonly died: (handle: ProcessHandle<Sent, Heard>, end: EngineEnd) => void;
}

export class ProcessHandle<Sent extends object, Heard> {
  readonly #child: ChildProcess;
  /** Where the process puts temporary files; it may end without a chance to remove them itself. */
  readonly #temporary: string | null = temporaryFolder();
  readonly #killsBefore = outOfMemoryKills();
  readonly #gone: Promise<void>;
  #lastWords = '';
  #isWanted = true;

  constructor(entry: string, listener: ProcessListener<Sent, Heard>) {
    this.#child = fork(entry, this.#temporary === null ? [] : [this.#temporary], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: engineEnvironment(this.#temporary),
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#lastWords = (this.#lastWords + chunk.toString()).slice(-2000);
    });
    this.#child.on('message', (raw) => listener.heard(this, listener.parse(raw)));
    this.#gone = this.#untilGone(listener);
  }

  /** The id of the process; undefined where the system would not start it. */
  get processId(): number | undefined {
    return this.#child.pid;
  }

  /** Can it still be given work? */
  get isReachable(): boolean {
    return this.#isWanted && this.#child.connected;
  }

  send(message: Sent): void {
    // A message that does not arrive was for a process that is ending, and its end is told anyway.
    this.#child.send(message, () => undefined);
  }

  /** Ends the process at once; resolves when it is gone and nothing of it is left on disk. */
  async kill(): Promise<void> {
    this.#isWanted = false;
    this.#child.kill('SIGKILL');
    await this.#gone;
  }

  async #untilGone(listener: ProcessListener<Sent, Heard>): Promise<void> {
    const end = await ending(this.#child);
    if (this.#child.pid !== undefined) await removeUnfinished(cacheFolder(), this.#child.pid);
    if (this.#temporary !== null) await clear(this.#temporary);
    if (!this.#isWanted) return;
    const outOfMemory = end.signal === 'SIGKILL' && outOfMemoryKills() > this.#killsBefore;
    listener.died(this, { lastWords: this.#lastWords, ...end, outOfMemory });
  }
}

type Ending = Pick<EngineEnd, 'code' | 'signal'> & { readonly lastWords?: string };

/** Waits until the process has ended and all that it wrote has been read, or until it turns out not to start. */
function ending(child: ChildProcess): Promise<Ending> {
  return new Promise((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
    child.on('error', (cause) => {
      if (child.pid === undefined) resolve({ code: null, signal: null, lastWords: String(cause) });
    });
  });
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
 * The C library gives blocks above this back to the system when they are freed (mallopt(3)). Left alone it raises the
 * bound to the largest block it has seen, and the activations of a long prompt leave holes that stay resident.
 */
const returnedBlockBytes = 2 ** 17;

/** Names the folder as Unix and as Windows know it, and has Electron, where it is what runs us, start as Node.js. */
function engineEnvironment(temporary: string | null): NodeJS.ProcessEnv {
  const environment = {
    MALLOC_MMAP_THRESHOLD_: String(returnedBlockBytes),
    ...process.env,
    ELECTRON_RUN_AS_NODE: '1',
  };
  if (temporary === null) return environment;
  const places = { TMPDIR: temporary, TEMP: temporary, TMP: temporary };
  return { ...environment, ...places, ...notingEnvironment(temporary) };
}
