/**
 * Passes that are over before anyone sees where they are. Whoever hears of a stage takes a processor that the pass needs:
 * told of all stages, a pass of 16 ms takes 17.
 */
import type { RunEvent } from '#engine/contract/run-event.ts';

const quickMs = 100;

/** Was this pass so quick that of the next only its begin is told? */
export const isQuick = ({ wallMs }: Extract<RunEvent, { type: 'run-measured' }>): boolean =>
  wallMs < quickMs;

/** Hears every event of a run → is it to be told? Of a pass behind a quick one the first stage is, and no other. */
export function withoutQuickStages(): (event: RunEvent) => boolean {
  let wasQuick = false;
  let toldPass = 0;
  return (event) => {
    if (event.type === 'run-measured') wasQuick = isQuick(event);
    if (event.type !== 'stage-progress' || event.phase !== 'running') return true;
    const isFirst = event.run !== toldPass;
    toldPass = event.run;
    return isFirst || !wasQuick;
  };
}
