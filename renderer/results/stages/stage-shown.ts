/** What a row of the stages table shows: figures, or in their place what the stage is doing. Pure. */
import type { StageReport } from '#engine/contract/report.ts';
import { isOver, type LiveRun } from '#renderer/runs/live-run.ts';
import { failedStage } from '#renderer/results/status/failed-stage.ts';
import { stageWords } from '#renderer/results/status/run-progress.ts';

export type StageShown =
  | { readonly kind: 'figures' }
  | {
      readonly kind: 'words';
      readonly words: string;
      /** 0 to 1 where the phase tells. */
      readonly share: number | null;
      readonly tone: 'quiet' | 'busy' | 'bad';
    };

export function stageShown(live: LiveRun, { id, latencyMs, reused }: StageReport): StageShown {
  const state = live.stages[id];
  const isCurrent = live.current === id;
  if (!isOver(live) && isCurrent && state && state.phase !== 'measured')
    return { kind: 'words', words: stageWords(state), share: state.share, tone: 'busy' };
  if (latencyMs.runs > 0) return { kind: 'figures' };
  if (reused) return words('– reused');
  if (failedStage(live)?.id === id) return words('failed here', 'bad');
  if (live.status === 'cancelled' && isCurrent) return words('stopped here');
  if (isOver(live) || !state) return words('not measured');
  // Inputs are read before any model; nothing more is said of them until their pass.
  return words(state.phase === 'waiting' ? 'waiting' : 'ready');
}

const words = (text: string, tone: 'quiet' | 'bad' = 'quiet'): StageShown => ({
  kind: 'words',
  words: text,
  share: null,
  tone,
});
