/** One line beside the tabs: how far the run is, or what its figures are of. */
import { useState } from 'react';
import type { Machine } from '#engine/contract/run-event.ts';
import { Button } from '#renderer/parts/button.tsx';
import { Hint } from '#renderer/parts/hint.tsx';
import { ProgressBar } from '#renderer/parts/progress-bar.tsx';
import { isOver } from '#renderer/runs/live-run.ts';
import { useRuns, type FollowedRun } from '#renderer/runs/run-store.ts';
import { cancelRun } from '#renderer/runs/start-run.ts';
import { formatPercent } from '#engine/profile/format-ratio.ts';
import { passCount } from '#engine/profile/pass-count.ts';
import {
  cancellingSentence,
  progressSentence,
  progressShare,
} from '#renderer/results/status/run-progress.ts';
import { waterfall } from '#engine/profile/waterfall.ts';
import styles from './run-status-line.module.css';

interface RunStatusLineProps {
  readonly run: FollowedRun;
  /** What it ran on goes without saying where there is no room for it. */
  readonly saysMachine: boolean;
}

export function RunStatusLine({ run, saysMachine }: RunStatusLineProps) {
  if (!isOver(run.live)) return <Going key={run.runId} run={run} />;
  // Why a run failed or stopped takes more words than fit here.
  return run.live.status === 'finished' ? <Done run={run} saysMachine={saysMachine} /> : null;
}

function Going({ run }: { readonly run: FollowedRun }) {
  const { live, runId, isCancelling } = run;
  const before = useRuns(({ runs }) =>
    live.status === 'starting'
      ? runs.find((other) => other.startedAt < run.startedAt && !isOver(other.live))
      : undefined,
  );
  const share = useSteady(progressShare(live));
  const sentence = before
    ? `Waiting until the run of ${before.graph || 'another graph'} is over`
    : progressSentence(live);
  const cancel = (hard: boolean): void => void cancelRun(runId, hard);
  return (
    <div className={styles['line']}>
      <p className={styles['sentence']}>{isCancelling ? cancellingSentence(live) : sentence}</p>
      <ProgressBar label="Progress of the run" share={share} className={styles['bar'] ?? ''} />
      {isCancelling && (
        <Hint text="Ends the engine process at once and starts a new one. Models in memory are loaded anew.">
          <Button weight="danger" className={styles['small'] ?? ''} onClick={() => cancel(true)}>
            End now
          </Button>
        </Hint>
      )}
      <Button
        className={styles['small'] ?? ''}
        disabled={isCancelling}
        onClick={() => cancel(false)}
      >
        Cancel
      </Button>
    </div>
  );
}

/** Never less than before: a stage may be gone back to for what another one needs. */
function useSteady(share: number): number {
  const [most, setMost] = useState(share);
  if (share > most) setMost(share);
  return Math.max(most, share);
}

function Done({ run, saysMachine }: RunStatusLineProps) {
  const { report, until } = run;
  const passes = passCount(report);
  const { unaccounted } = waterfall(report);
  const { machine } = report;
  const parts = [
    until === null ? null : `up to ${until}`,
    passes === 1 ? '1 pass' : `${passes} passes`,
    passes > 1 ? 'median' : null,
    unaccounted === null ? null : `${formatPercent(unaccounted)} unaccounted`,
  ];
  return (
    <div className={`${styles['line']} ${saysMachine ? '' : styles['short']}`}>
      {machine && saysMachine && <MachineWords machine={machine} />}
      <p className={`numbers ${styles['summary']}`}>
        {parts.filter((part) => part !== null).join(' · ')}
      </p>
    </div>
  );
}

function MachineWords({ machine }: { readonly machine: Machine }) {
  const words = `${machine.cpu}, ${machine.threads} threads, ONNX Runtime ${machine.onnxRuntime}`;
  return (
    <Hint text={words}>
      <p className={styles['machine']}>{words}</p>
    </Hint>
  );
}
