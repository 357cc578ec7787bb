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
  return linux ? statusBytes('VmRSS') : process.memoryUsage.rss();
}

/** Watches from its construction on. */
export class MemoryWatch {
  readonly startBytes: number;

  constructor() {
    if (linux) writeSync(linux.clearRefs, '5', 0);
    this.startBytes = residentBytes();
  }

  /** The highest resident memory since; elsewhere than on Linux only its two ends are known. */
  peakBytes(): number {
    return Math.max(this.startBytes, linux ? statusBytes('VmHWM') : residentBytes());
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

function statusBytes(field: 'VmRSS' | 'VmHWM'): number {
  const length = readSync(linux?.status ?? -1, statusBuffer, 0, statusBuffer.length, 0);
  const text = statusBuffer.toString('latin1', 0, length);
  const at = text.indexOf(field);
  return Number.parseInt(text.slice(at + field.length + 1), 10) * 1024;
}
