/** Tells the window, or the browser's tab, which graph is at the front and whether its work is in a file. */
import { useEffect } from 'react';
import { shell } from '#renderer/connection/shell.ts';
import { isDirty } from '#renderer/workspace/open-document.ts';
import { emptyGraph, useActiveDocument } from '#renderer/workspace/workspace-store.ts';

const app = 'Patchbay';

export function useWindowTitle(): void {
  const open = useActiveDocument();
  const title = open ? open.document.title.trim() || emptyGraph.title : null;
  const dirty = open !== null && isDirty(open);
  useEffect(() => {
    document.title = title === null ? app : `${dirty ? '• ' : ''}${title} · ${app}`;
    // The window asks about the graph that its title names; the others come back as drafts.
    shell?.setTitle(title ?? app, dirty);
  }, [title, dirty]);
}
