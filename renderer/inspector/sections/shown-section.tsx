/** What the node did to what it was given to see, in the run whose figures it shows. */
import type { Showing } from '#engine/contract/showing.ts';
import { ownRun, useRuns } from '#renderer/runs/run-store.ts';
import { ShownPicture } from '#renderer/showing/shown-picture.tsx';
import styles from './panel.module.css';

interface ShownProps {
  readonly documentId: string;
  readonly node: string;
}

const none: readonly Showing[] = [];

export function ShownSection({ documentId, node }: ShownProps) {
  const all = useRuns((runs) => ownRun(runs, documentId)?.report.showings ?? none);
  const own = all.filter((showing) => showing.node === node);
  if (own.length === 0) return null;
  return (
    <section className={styles['section']} aria-label="Seen in the last pass">
      <h3 className={styles['heading']}>Seen in the last pass</h3>
      {own.map((showing, index) => (
        <ShownPicture key={index} showing={showing} />
      ))}
    </section>
  );
}
