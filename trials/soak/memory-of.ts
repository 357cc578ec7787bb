/** What a process holds, as Linux tells it. */
import { readdirSync, readFileSync } from 'node:fs';

export interface Held {
  readonly residentBytes: number;
  /** Open files and connections. */
  readonly openFiles: number;
}

export function heldBy(processId: number): Held {
  const status = readFileSync(`/proc/${processId}/status`, 'utf8');
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return {
    residentBytes: Number(kilobytes) * 1024,
    openFiles: readdirSync(`/proc/${processId}/fd`).length,
  };
}
