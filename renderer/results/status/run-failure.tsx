/** Why a run failed or where it was cancelled, and what to do; nothing of a run that went well. */
import { CircleAlert, CircleSlash } from 'lucide-react';
import { rowTitle } from '#engine/contract/run-event.ts';
import { Button } from '#renderer/parts/button.tsx';
import type { FollowedRun } from '#renderer/runs/run-store.ts';
import { startRun } from '#renderer/runs/start-run.ts';
import type { OpenDocument } from '#renderer/workspace/open-document.ts';
import { NodeLink } from '#renderer/results/figures/node-link.tsx';
import { passCount } from '#engine/profile/pass-count.ts';
import { passText } from '#renderer/runs/run-facts.ts';
import { failedStage } from './failed-stage.ts';
import styles from './run-failure.module.css';

interface RunFailureProps {
  readonly open: OpenDocument;
  readonly run: FollowedRun;
}

export function RunFailure({ open, run }: RunFailureProps) {
  if (run.live.status === 'failed') return <Failed open={open} run={run} />;
  if (run.live.status === 'cancelled') return <Cancelled open={open} run={run} />;
  return null;
}

function Failed({ open, run }: RunFailureProps) {
  const errors = run.live.problems.filter(({ severity }) => severity === 'error');
  const title = failedStage(run.live)?.title ?? null;
  return (
    <div className={`${styles['line']} ${styles['failed']}`} role="alert">
      <CircleAlert size={15} className={styles['icon']} aria-hidden />
      <div className={styles['words']}>
        <p className={styles['where']}>
          {title === null
            ? 'The run failed before its first stage.'
            : `The run failed at ${title}.`}
          {keptWords(run)}
        </p>
        {errors.map(({ message, node }) => (
          <p key={message}>
            {message}{' '}
            {node !== undefined && Object.hasOwn(open.document.nodes, node) && (
              <NodeLink id={node}>Show the node</NodeLink>
            )}
          </p>
        ))}
      </div>
      <RunAgain open={open} run={run} />
    </div>
  );
}

function Cancelled({ open, run }: RunFailureProps) {
  const { live } = run;
  const stage = live.current === null ? undefined : live.stages[live.current];
  const title = stage ? rowTitle(stage.facts) : null;
  const pass = live.run > 0 ? ` in ${passText(live)}` : ' while it got ready';
  const where = title === null ? ' before its first stage' : `${pass}, at ${title}`;
  return (
    <div className={styles['line']}>
      <CircleSlash size={15} className={styles['icon']} aria-hidden />
      <p className={styles['words']}>{`The run was cancelled${where}.${keptWords(run)}`}</p>
      <RunAgain open={open} run={run} />
    </div>
  );
}

const keptWords = ({ report }: FollowedRun): string =>
  passCount(report) > 0 ? ' What was measured before stays.' : '';

function RunAgain({ open, run }: RunFailureProps) {
  // Another graph's run is not what would be run from here.
  if (run.documentId !== open.id) return null;
  return (
    <Button className={styles['again'] ?? ''} onClick={() => void startRun(run.until)}>
      Run again
    </Button>
  );
}
