/** Was a process killed for lack of memory? */
import { readFileSync } from 'node:fs';

/** The system counts kills of all processes: the less time passes between looks, the fewer are of another one. */
const lookEveryMs = 200;

/** Compares how often the system killed until a process was last heard of, and at its end. */
export class OutOfMemoryWatch {
  readonly #kills: () => number;
  readonly #nowMs: () => number;
  #before: number;
  #lookedMs: number;

  constructor(kills = outOfMemoryKills, nowMs = (): number => performance.now()) {
    this.#kills = kills;
    this.#nowMs = nowMs;
    this.#before = kills();
    this.#lookedMs = nowMs();
  }

  /** The process is alive, so that whatever was killed until now was another one. */
  heard(): void {
    const nowMs = this.#nowMs();
    if (nowMs - this.#lookedMs < lookEveryMs) return;
    this.#before = this.#kills();
    this.#lookedMs = nowMs;
  }

  /** Asked as it has ended: has the system killed for lack of memory since it was heard of? */
  hasKilled(): boolean {
    return this.#kills() > this.#before;
  }
}

/** How often the Linux kernel has killed a process for lack of memory, here or in the container; 0 where unknown. */
function outOfMemoryKills(): number {
  return (
    countIn('/proc/vmstat', /^oom_kill (\d+)$/m) +
    countIn('/sys/fs/cgroup/memory.events', /^oom_kill (\d+)$/m)
  );
}

function countIn(file: string, pattern: RegExp): number {
  try {
    return Number(pattern.exec(readFileSync(file, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
