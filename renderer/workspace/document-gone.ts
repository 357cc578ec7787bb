/** Tells those who remember something beside an open graph when to forget it. */
import { workspace, type Workspace } from './workspace-store.ts';

/**
 * Calls back with the id of every graph that was closed, once another is opened or closed: until then it may be
 * opened again as it was.
 */
export function whenDocumentGone(forget: (id: string) => void): void {
  let closed: readonly string[] = [];
  workspace.subscribe((now, before) => {
    const open = idsOf(now);
    const wasOpen = idsOf(before);
    // Most changes are edits, and leave open what is.
    if (open.length === wasOpen.length && open.every((id) => wasOpen.includes(id))) return;
    for (const id of closed) if (!open.includes(id)) forget(id);
    closed = wasOpen.filter((id) => !open.includes(id));
  });
}

const idsOf = ({ documents }: Workspace): readonly string[] => documents.map(({ id }) => id);
