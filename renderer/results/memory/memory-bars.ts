/** What a stage's memory is made of, and where the whole run stands within the machine's. Pure. */
import type { Report, StageReport } from '#engine/contract/report.ts';
import { reservedBytes } from '#engine/estimate/estimate.ts';

export interface MemoryBar {
  readonly stage: StageReport;
  readonly weightsBytes: number;
  readonly kvBytes: number;
  /** Measured above weights and cache: activations and what the runtime keeps. */
  readonly restBytes: number;
  /** The measured peak. */
  readonly peakBytes: number;
}

export interface MemoryBars {
  readonly bars: readonly MemoryBar[];
  /** What a full-width bar stands for. */
  readonly widestBytes: number;
}

export function memoryBars({ stages }: Report): MemoryBars {
  const bars = stages.map((stage): MemoryBar => {
    const { weightsBytes, kvBytes, peakBytes } = stage.memory;
    // Of weights that are read from a file only the pages that were touched count as resident.
    const restBytes = Math.max(0, peakBytes - weightsBytes - kvBytes);
    return { stage, weightsBytes, kvBytes, restBytes, peakBytes };
  });
  const widest = bars.map(
    ({ weightsBytes, kvBytes, restBytes }) => weightsBytes + kvBytes + restBytes,
  );
  return { bars, widestBytes: Math.max(0, ...widest) };
}

export interface MemoryUse {
  readonly peakBytes: number;
  readonly machineBytes: number;
  /** Up to here a graph may go. */
  readonly budgetBytes: number;
}

/** Null before a pass has ended. */
export function memoryUse({ machine, totals }: Report): MemoryUse | null {
  if (!machine || totals.peakBytes === 0) return null;
  const { memoryBytes } = machine;
  return {
    peakBytes: totals.peakBytes,
    machineBytes: memoryBytes,
    budgetBytes: Math.max(0, memoryBytes - reservedBytes),
  };
}
