/** Progress of loading one stage, told as run events a few times a second. */
import type { StageFacts } from '#engine/contract/run-event.ts';
import type { Progress } from '../sessions/progress.ts';
import { breathe } from '../sessions/progress.ts';
import type { StageContext } from './stage-runner.ts';

/** Often enough to look alive, seldom enough to cost nothing. */
const tellEveryMs = 100;

/** The row of the report that is told about, and the node that it belongs to. */
export type ProgressRow = Pick<StageFacts, 'id' | 'node'>;

export function stageProgress(
  { id, node }: ProgressRow,
  { emit, cancel }: Pick<StageContext, 'emit' | 'cancel'>,
): Progress {
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
        emit({ type: 'stage-progress', stage: id, phase, run: 0, ...amount });
        await breathe();
      }
      return cancel.check();
    },
    warn(problem) {
      emit({ type: 'run-warned', problems: [{ ...problem, node }] });
    },
  };
}
