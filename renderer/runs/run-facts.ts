/** What one line says of a whole run. Pure. */
import { assertNever } from '#engine/contract/outcome.ts';
import type { Report } from '#engine/contract/report.ts';
import type { LiveRun } from './live-run.ts';

/** "random", "checkpoint", "partly random"; null where no stage has weights. */
export function runWeights({ stages }: Pick<Report, 'stages'>): string | null {
  const kinds = new Set(stages.flatMap(({ weights }) => weights ?? []));
  if (kinds.size === 0) return null;
  if (kinds.size > 1) return 'partly random';
  return kinds.has('random') ? 'random' : 'checkpoint';
}

/** "pass 2 of 3", or "pass 2" where it is not known of how many. */
export const passText = ({ run, runs }: Pick<LiveRun, 'run' | 'runs'>): string =>
  runs === null ? `pass ${run}` : `pass ${run} of ${runs}`;

/** "pass 2 of 3", "done", "failed" */
export function runStatus(live: LiveRun): string {
  const { status, run } = live;
  switch (status) {
    case 'starting':
      return 'starting';
    case 'running':
      return run === 0 ? 'getting ready' : passText(live);
    case 'finished':
      return 'done';
    case 'failed':
    case 'cancelled':
      return status;
    default:
      return assertNever(status);
  }
}
