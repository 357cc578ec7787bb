/** Holds a page back that is left with work that lies in no draft yet; what does comes back by itself. */
import { useEffect } from 'react';
import { serverState } from '#renderer/connection/server-state.ts';
import { isDirty } from '#renderer/workspace/open-document.ts';
import { workspace } from '#renderer/workspace/workspace-store.ts';

/** Drafts follow a change after a third of a second; a slow disk takes its time. */
const keptAfterMs = 1000;

export function useLeaving(): void {
  useEffect(() => {
    let changedAt = -Infinity;
    const stop = workspace.subscribe(({ documents }, before) => {
      const changed = documents.some(
        (open) =>
          isDirty(open) &&
          before.documents.find(({ id }) => id === open.id)?.document !== open.document,
      );
      if (changed) changedAt = performance.now();
    });
    const leave = (event: BeforeUnloadEvent): void => {
      const isYoung = performance.now() - changedAt < keptAfterMs;
      const { documents } = workspace.getState();
      const isUnkept = serverState.getState().is !== 'here' && documents.some(isDirty);
      if (isYoung || isUnkept) event.preventDefault();
    };
    window.addEventListener('beforeunload', leave);
    return () => {
      stop();
      window.removeEventListener('beforeunload', leave);
    };
  }, []);
}
