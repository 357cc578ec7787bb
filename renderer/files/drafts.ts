/** Keeps open graphs beside the user's data while they are worked on, and brings them back after a reload or a crash. */
import type { Draft } from '#engine/contract/file-service.ts';
import { parseDocument } from '#engine/graph/read-document.ts';
import { catalogue } from '#nodes/index.ts';
import { ask, askPlain, host } from '#renderer/connection/host-client.ts';
import { checkServer, onServedAgain, serverState } from '#renderer/connection/server-state.ts';
import { tell, tellProblems } from '#renderer/notices/notices.ts';
import {
  isDirty,
  type DocumentFile,
  type OpenDocument,
} from '#renderer/workspace/open-document.ts';
import { activate, openDocument, workspace } from '#renderer/workspace/workspace-store.ts';
import { folderOf } from './file-names.ts';
import { isTitled } from './title-for-file.ts';

/** Typing is kept in bursts; a crash loses no more than this. */
const pauseMs = 300;
const lockPrefix = 'patchbay-window-';
const windowKey = 'patchbay-window';
const activeKey = 'patchbay-active';
const tabsKey = 'patchbay-tabs';

/** Names this window as long as it lives, over reloads too. */
const windowId = sessionStorage.getItem(windowKey) ?? crypto.randomUUID();

/**
 * Opens what this window had open before it was loaded again, and what windows that are gone left unsaved.
 * From then on, keeps what is open.
 */
export async function restoreDrafts(): Promise<void> {
  sessionStorage.setItem(windowKey, windowId);
  const living = await livingWindows();
  const kept = await askPlain(host.files.drafts.query(), []);
  const tabs = (sessionStorage.getItem(tabsKey) ?? '').split(' ');
  const own = kept
    .filter(({ window: keeper }) => keeper === windowId)
    .toSorted((a, b) => tabs.indexOf(a.id) - tabs.indexOf(b.id));
  const orphans = kept.filter(({ window: keeper }) => keeper !== windowId && !living.has(keeper));
  const lost = orphans.filter(({ unsaved }) => unsaved);
  for (const draft of [...own, ...lost]) restore(draft);
  for (const { id } of orphans.filter(({ unsaved }) => !unsaved)) drop(id);
  if (lost.length > 0)
    tell(`Unsaved work is back in ${lost.length === 1 ? 'one graph' : `${lost.length} graphs`}.`);
  if (lost.length === 0) bringBackToFront();
  holdLock();
  keepFromNowOn(kept);
}

function restore({ id, document, path, stamp, unsaved, titled = false }: Draft): void {
  const parsed = parseDocument(document, catalogue);
  if (!parsed.ok) return tellProblems(parsed.problems);
  const file: DocumentFile | null =
    path !== null && stamp !== null ? { path, stamp, folder: folderOf(path) } : null;
  openDocument(parsed.value, { id, file, unsaved, wasTitled: titled });
}

function bringBackToFront(): void {
  const id = sessionStorage.getItem(activeKey);
  activate(workspace.getState().documents.some((open) => open.id === id) ? id : null);
}

/** A lock is given back by the browser however a window ends. */
function holdLock(): void {
  void navigator.locks.request(lockPrefix + windowId, () => new Promise<never>(() => undefined));
}

async function livingWindows(): Promise<ReadonlySet<string>> {
  const { held = [] } = await navigator.locks.query();
  return new Set(
    held.flatMap(({ name }) =>
      name?.startsWith(lockPrefix) === true ? [name.slice(lockPrefix.length)] : [],
    ),
  );
}

function keepFromNowOn(found: readonly Draft[]): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  // Those of dead windows are kept anew, as this window's.
  const own = new Set(found.filter((draft) => draft.window === windowId).map(({ id }) => id));
  let kept = new Map(
    workspace
      .getState()
      .documents.filter(({ id }) => own.has(id))
      .map((open) => [open.id, open]),
  );
  const keep = (): void => {
    const { documents, activeId } = workspace.getState();
    sessionStorage.setItem(activeKey, activeId ?? '');
    sessionStorage.setItem(tabsKey, documents.map(({ id }) => id).join(' '));
    for (const id of kept.keys()) if (documents.every((open) => open.id !== id)) drop(id);
    for (const open of documents) if (hasChanged(open, kept.get(open.id))) void send(open);
    kept = new Map(documents.map((open) => [open.id, open]));
  };
  keep();
  workspace.subscribe(() => {
    clearTimeout(timer);
    timer = setTimeout(keep, pauseMs);
  });
  window.addEventListener('pagehide', keep);
  // What was changed while nobody could take it.
  onServedAgain(() => {
    kept = new Map();
    keep();
  });
}

function hasChanged(now: OpenDocument, before: OpenDocument | undefined): boolean {
  return (
    now.document !== before?.document ||
    now.file !== before.file ||
    isDirty(now) !== isDirty(before)
  );
}

function drop(id: string): void {
  void askPlain(host.files.dropDraft.mutate(id), undefined);
}

async function send(open: OpenDocument): Promise<void> {
  const { id, document, file } = open;
  const { path, stamp } = file ?? { path: null, stamp: null };
  const unsaved = isDirty(open);
  const outcome = await ask(
    host.files.keepDraft.mutate({
      id,
      window: windowId,
      document,
      path,
      stamp,
      unsaved,
      titled: isTitled(open),
    }),
  );
  if (outcome.ok) return;
  await checkServer();
  // Of a server that is gone the window tells at length, and this is tried again when it is back.
  if (serverState.getState().is === 'here') tellProblems(outcome.problems);
}
