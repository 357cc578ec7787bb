/** Resident memory of this process: where the system tells, the highest since a moment of our choice. */
import { openSync, readSync, writeSync } from 'node:fs';

/** Linux resets the high-water mark of a process when 5 is written to its clear_refs (proc(5)). */
interface LinuxFiles {
  readonly status: number;
  readonly clearRefs: number;
}

const linux = openLinuxFiles();
const statusBuffer = Buffer.alloc(4096);

export function residentBytes(): number {
  return linux ? fieldBytes(readStatus(), 'VmRSS') : process.memoryUsage.rss();
}

/** Of one span; `growthBytes` is how far the peak lies above what was resident before. */
export interface MemoryReading {
  readonly beforeBytes: number;
  readonly peakBytes: number;
  readonly growthBytes: number;
}

/** Watches span after span; a reading takes about as long as the smallest stages, so one a span has to do. */
export class MemoryWatch {
  #resident = residentBytes();

  /** From here on, memory counts towards the next reading. */
  begin(): void {
    if (linux) writeSync(linux.clearRefs, '5', 0);
  }

  /** The highest resident memory since `begin`; elsewhere than on Linux only the two ends are known. */
  end(): MemoryReading {
    const before = this.#resident;
    const status = linux ? readStatus() : null;
    this.#resident = status ? fieldBytes(status, 'VmRSS') : residentBytes();
    const peakBytes = Math.max(before, status ? fieldBytes(status, 'VmHWM') : this.#resident);
    return { beforeBytes: before, peakBytes, growthBytes: peakBytes - before };
  }
}

function openLinuxFiles(): LinuxFiles | null {
  if (process.platform !== 'linux') return null;
  try {
    return {
      status: openSync('/proc/self/status', 'r'),
      clearRefs: openSync('/proc/self/clear_refs', 'w'),
    };
  } catch {
    return null;
  }
}

function readStatus(): string {
  const length = readSync(linux?.status ?? -1, statusBuffer, 0, statusBuffer.length, 0);
  return statusBuffer.toString('latin1', 0, length);
}

function fieldBytes(status: string, field: 'VmRSS' | 'VmHWM'): number {
  const at = status.indexOf(field) + field.length + 1;
  return Number.parseInt(status.slice(at, at + 24), 10) * 1024;
}
