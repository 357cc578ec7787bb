/** Tells the window, or the browser's tab, which graph is at the front and whether its work is in a file. */
import { useEffect } from 'react';
import { shell } from '#renderer/connection/shell.ts';
import { graphTitle } from '#renderer/workspace/graph-title.ts';
import { isDirty, type OpenDocument } from '#renderer/workspace/open-document.ts';
import {
  activeDocument,
  useActiveDocument,
  workspace,
} from '#renderer/workspace/workspace-store.ts';

const app = 'Patchbay';

export function useWindowTitle(): void {
  const { title, dirty } = titleOf(useActiveDocument());
  useEffect(() => {
    document.title = title === null ? app : `${dirty ? '• ' : ''}${title} · ${app}`;
    announceTitle();
  }, [title, dirty]);
}

/** Also after a save that was broken off: a window that waits to close learns that it has to stay. */
export function announceTitle(): void {
  const { title, dirty } = titleOf(activeDocument(workspace.getState()));
  // The window asks about the graph that its title names; the others come back as drafts.
  shell?.setTitle(title ?? app, dirty);
}

function titleOf(open: OpenDocument | null) {
  return {
    title: open && graphTitle(open.document),
    dirty: open !== null && isDirty(open),
  };
}
