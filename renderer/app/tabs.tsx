/** The open graphs. */
import { X } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { close } from '#renderer/files/file-actions.ts';
import { LongName } from '#renderer/parts/long-name.tsx';
import { goingRun, useRuns } from '#renderer/runs/run-store.ts';
import { isDirty, type OpenDocument } from '#renderer/workspace/open-document.ts';
import { activate, useWorkspace } from '#renderer/workspace/workspace-store.ts';
import styles from './tabs.module.css';

export function Tabs() {
  const documents = useWorkspace((workspace) => workspace.documents);
  const activeId = useWorkspace((workspace) => workspace.activeId);
  return (
    <nav className={styles['tabs']} aria-label="Open graphs">
      {documents.map((open) => (
        <Tab key={open.id} open={open} isActive={open.id === activeId} />
      ))}
    </nav>
  );
}

function Tab({ open, isActive }: { readonly open: OpenDocument; readonly isActive: boolean }) {
  const isRunning = useRuns((runs) => goingRun(runs, open.id) !== null);
  const title = open.document.title || 'Untitled';
  const tab = useRef<HTMLDivElement>(null);
  // Of many tabs some lie beyond the edge.
  useEffect(() => {
    if (isActive) tab.current?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [isActive]);
  return (
    <div ref={tab} className={styles['tab']} data-active={isActive || undefined}>
      <button
        type="button"
        className={styles['title']}
        aria-current={isActive ? 'page' : undefined}
        onClick={() => activate(open.id)}
        onAuxClick={({ button }) => button === 1 && close(open.id)}
      >
        {isRunning && <span className={styles['running']} role="img" aria-label="running" />}
        <LongName name={title} />
        {isDirty(open) && (
          <span className={styles['dirty']} role="img" aria-label="unsaved changes" />
        )}
      </button>
      <button
        type="button"
        className={styles['close']}
        aria-label={`Close ${title}`}
        onClick={() => close(open.id)}
      >
        <X size={13} />
      </button>
    </div>
  );
}
