/** What a stage's memory is made of, and where the whole run stands within the machine's. Pure. */
import type { Report, StageReport } from '../contract/report.ts';
import { stateWord } from '../contract/state-word.ts';
import { rowsToldApart } from './language-titles.ts';
import { reservedBytes } from '../estimate/estimate.ts';

export interface MemoryBar {
  readonly stage: StageReport;
  readonly weightsBytes: number;
  /** Carried from token to token. */
  readonly stateBytes: number;
  /** Measured above weights and state: activations and what the runtime keeps. */
  readonly restBytes: number;
  /** The measured peak. */
  readonly peakBytes: number;
}

export interface MemoryBars {
  readonly bars: readonly MemoryBar[];
  /** What is carried from token to token, by its name. */
  readonly stateWord: ReturnType<typeof stateWord>;
  /** What a full-width bar stands for. */
  readonly widestBytes: number;
}

export function memoryBars(report: Report): MemoryBars {
  const stages = rowsToldApart(report);
  const bars = stages.map((stage): MemoryBar => {
    const { weightsBytes, stateBytes, peakBytes } = stage.memory;
    // Of weights that are read from a file only the pages that were touched count as resident.
    const restBytes = Math.max(0, peakBytes - weightsBytes - stateBytes);
    return { stage, weightsBytes, stateBytes, restBytes, peakBytes };
  });
  const widest = bars.map(
    ({ weightsBytes, stateBytes, restBytes }) => weightsBytes + stateBytes + restBytes,
  );
  const recurrent = stages.map(({ memory }) => memory.stateBytes - memory.kvBytes);
  return {
    bars,
    stateWord: stateWord(Math.max(0, ...recurrent)),
    widestBytes: Math.max(0, ...widest),
  };
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
