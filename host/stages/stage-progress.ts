/** Progress of loading one stage, told as run events a few times a second. */
import type { Progress } from '../sessions/progress.ts';
import { breathe } from '../sessions/progress.ts';
import type { StageContext } from './stage-runner.ts';

/** Often enough to look alive, seldom enough to cost nothing. */
const tellEveryMs = 100;

export function stageProgress(stage: string, { emit, cancel }: StageContext): Progress {
  let told = -Infinity;
  let lastPhase = '';
  return {
    async tell(phase, done, total) {
      const now = performance.now();
      if (
        phase !== lastPhase ||
        now - told >= tellEveryMs ||
        (done !== undefined && done === total)
      ) {
        told = now;
        lastPhase = phase;
        const amount =
          done === undefined || total === undefined ? {} : { done, total, unit: 'bytes' as const };
        emit({ type: 'stage-progress', stage, phase, run: 0, ...amount });
        await breathe();
      }
      return cancel.check();
    },
  };
}
