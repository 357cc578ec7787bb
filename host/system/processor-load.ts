/** What processors do, and how much of it is other programs' work. */
import os from 'node:os';

/** Of all processors together, since the machine started. */
export interface ProcessorTimes {
  readonly busyMs: number;
  readonly totalMs: number;
}

export function readProcessors(): ProcessorTimes {
  let busyMs = 0;
  let totalMs = 0;
  for (const { times } of os.cpus()) {
    const { idle, user, nice, sys, irq } = times;
    busyMs += user + nice + sys + irq;
    totalMs += idle + user + nice + sys + irq;
  }
  return { busyMs, totalMs };
}

/** What this process has taken of all processors since it started. */
export function ownProcessorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The share of all processors, 0 to 1, that was taken between two looks and not by us, who took `ownMs`. */
export function othersShare(before: ProcessorTimes, after: ProcessorTimes, ownMs: number): number {
  const totalMs = after.totalMs - before.totalMs;
  if (totalMs <= 0) return 0;
  return Math.max(0, after.busyMs - before.busyMs - ownMs) / totalMs;
}
