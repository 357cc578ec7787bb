/** LLaVA-1.5-7B under a limit of memory: the highest that its engine process ever holds. */
import { readFile } from 'node:fs/promises';
import type { LocalHost } from '#host/local-host.ts';
import { readPreset } from '#host/presets.ts';
import { presetsFolder } from '#host/system/package-root.ts';
import { atPrecision } from '../engine/at-precision.ts';
import { NotMeasured, runGraph, withEngine } from '../engine/run-graph.ts';
import { inEmptyCache } from './temporary-folder.ts';

export const limitBytes = 6e9;
const newTokens = 16;

export interface MeasuredLowMemory {
  readonly builtPeakBytes: number;
  readonly cachedPeakBytes: number;
  readonly timeToFirstTokenMs: number;
  readonly decodeTokensPerSecond: number;
}

/** Throws `NotMeasured` with what the engine says where there is no room. */
export function measureLowMemory(): Promise<MeasuredLowMemory> {
  return inEmptyCache(async () => {
    const built = await withEngine(peakOfRun);
    const cached = await withEngine(peakOfRun);
    return {
      builtPeakBytes: built.peakBytes,
      cachedPeakBytes: cached.peakBytes,
      timeToFirstTokenMs: cached.totals.timeToFirstTokenMs ?? NaN,
      decodeTokensPerSecond: cached.totals.decodeTokensPerSecond ?? NaN,
    };
  });
}

async function peakOfRun(host: LocalHost) {
  const preset = await readPreset('llava-1.5-7b');
  if (!preset.ok) throw new NotMeasured(preset.problems[0]?.message);
  const document = atPrecision(preset.value, 'int4', '128');
  const peaks: number[] = [];
  const look = async (): Promise<void> => void peaks.push(await peakOf(host.engineProcessId));
  const timer = setInterval(() => void look(), lookMs);
  try {
    const request = { document, baseFolder: presetsFolder, runs: 1, memoryBytes: limitBytes };
    const { totals, memoryOverTime } = await runGraph(host, {
      ...request,
      maxNewTokens: newTokens,
    });
    await look();
    const sampled = memoryOverTime.map(({ residentBytes }) => residentBytes);
    return { totals, peakBytes: Math.max(totals.peakBytes, ...sampled, ...peaks) };
  } finally {
    clearInterval(timer);
  }
}

/** The engine sets the mark back at every span, so it is looked at more often than spans last. */
const lookMs = 50;

/** The highest resident memory of a process since its mark was set back; 0 where the system does not tell. */
async function peakOf(processId: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${processId}/status`, 'utf8').catch(() => '');
  return Number(/^VmHWM:\s*(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}
