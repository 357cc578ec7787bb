/** Says so when the figures are not those of this graph's latest run, and leads back to them. */
import { Button } from '#renderer/parts/button.tsx';
import { LongName } from '#renderer/parts/long-name.tsx';
import { showRun, type FollowedRun } from '#renderer/runs/run-store.ts';
import type { OpenDocument } from '#renderer/workspace/open-document.ts';
import { graphTitle } from '#renderer/workspace/graph-title.ts';
import { RunTime } from '#renderer/results/figures/run-time.tsx';
import styles from './shown-elsewhere.module.css';

interface ShownElsewhereProps {
  readonly open: OpenDocument;
  readonly run: FollowedRun;
  /** Has this graph a run of its own? */
  readonly hasLatest: boolean;
}

export function ShownElsewhere({ open, run, hasLatest }: ShownElsewhereProps) {
  return (
    <p className={styles['shown']}>
      <span className={styles['what']}>
        Run of <RunTime startedAt={run.startedAt} />
        {run.documentId !== open.id && (
          <>
            , <LongName name={graphTitle({ title: run.graph })} />
          </>
        )}
      </span>
      <Button weight="quiet" className={styles['back'] ?? ''} onClick={() => showRun(null)}>
        {hasLatest ? 'Show the latest' : 'Back to this graph'}
      </Button>
    </p>
  );
}
