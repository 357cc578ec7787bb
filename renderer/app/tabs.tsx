/** The open graphs. */
import { ChevronDown, X } from 'lucide-react';
import { useEffect, useRef, useState, type RefObject } from 'react';
import { close } from '#renderer/files/file-actions.ts';
import { Button } from '#renderer/parts/button.tsx';
import { LongName } from '#renderer/parts/long-name.tsx';
import { Menu, MenuItem } from '#renderer/parts/menu.tsx';
import { goingRun, useRuns } from '#renderer/runs/run-store.ts';
import { graphTitle } from '#renderer/workspace/graph-title.ts';
import { isDirty, type OpenDocument } from '#renderer/workspace/open-document.ts';
import { activate, useWorkspace } from '#renderer/workspace/workspace-store.ts';
import styles from './tabs.module.css';

export function Tabs() {
  const documents = useWorkspace((workspace) => workspace.documents);
  const activeId = useWorkspace((workspace) => workspace.activeId);
  const row = useRef<HTMLElement>(null);
  const hasMore = useHasMore(row);
  return (
    <div className={styles['bar']}>
      <nav ref={row} className={styles['tabs']} aria-label="Open graphs">
        {documents.map((open) => (
          <Tab key={open.id} open={open} isActive={open.id === activeId} />
        ))}
      </nav>
      {hasMore && <AllTabs documents={documents} />}
    </div>
  );
}

/** Do some of the tabs lie beyond an edge? */
function useHasMore(row: RefObject<HTMLElement | null>): boolean {
  const [hasMore, setHasMore] = useState(false);
  const count = useWorkspace(({ documents }) => documents.length);
  useEffect(() => {
    const element = row.current;
    if (!element) return undefined;
    const look = (): void => setHasMore(element.scrollWidth > element.clientWidth);
    const observer = new ResizeObserver(look);
    for (const each of [element, ...element.children]) observer.observe(each);
    return () => observer.disconnect();
  }, [row, count]);
  return hasMore;
}

function AllTabs({ documents }: { readonly documents: readonly OpenDocument[] }) {
  return (
    <Menu
      align="end"
      trigger={
        <Button
          weight="quiet"
          className={styles['all'] ?? ''}
          aria-label={`All ${documents.length} open graphs`}
        >
          <span className="numbers">{documents.length}</span>
          <ChevronDown size={14} aria-hidden />
        </Button>
      }
    >
      {documents.map((open) => (
        <MenuItem key={open.id} onSelect={() => activate(open.id)}>
          <LongName name={graphTitle(open.document)} />
        </MenuItem>
      ))}
    </Menu>
  );
}

function Tab({ open, isActive }: { readonly open: OpenDocument; readonly isActive: boolean }) {
  const isRunning = useRuns((runs) => goingRun(runs, open.id) !== null);
  const title = graphTitle(open.document);
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
