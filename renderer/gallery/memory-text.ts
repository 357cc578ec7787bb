/** Does a graph fit into this machine, in words. Pure. */
import { formatBytes } from '#engine/contract/format.ts';

export interface MemoryText {
  readonly text: string;
  readonly fits: boolean;
}

/** The system and other programs need some of it. */
const usableShare = 0.85;

/** Both in bytes; the peak is an estimate. */
export function memoryText(peakBytes: number, memoryBytes: number): MemoryText {
  const fits = peakBytes <= memoryBytes * usableShare;
  const memory = formatBytes(memoryBytes);
  return fits
    ? { fits, text: `fits your ${memory}` }
    : { fits, text: `needs ${formatBytes(peakBytes)} of your ${memory}` };
}
