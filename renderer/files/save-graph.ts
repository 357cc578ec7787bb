/** Saves graphs, and asks where a file is not as the person saw it last. Only what was written counts as saved. */
import type { Problem } from '#engine/contract/problem.ts';
import { ask, host } from '#renderer/connection/host-client.ts';
import { tell, tellProblems } from '#renderer/notices/notices.ts';
import { edited, savedAs, sealed, type OpenDocument } from '#renderer/workspace/open-document.ts';
import { updateDocument, workspace } from '#renderer/workspace/workspace-store.ts';
import { askPerson } from '#renderer/overlay/ask-person.ts';
import { choosePathToSave } from './choose-path.ts';
import { baseName, fileNameOf, folderOf } from './file-names.ts';
import { wholePathEdits } from './moved-paths.ts';
import { readAgain } from './open-graph.ts';
import { noteRecentFiles } from './recent-files.ts';
import { titleForFile } from './title-for-file.ts';

/** The last save of each graph that is being saved: the next waits for it, to know the stamp that it brings. */
const turns = new Map<string, Promise<boolean>>();

/** To its file, or to one that is asked for; was it saved? */
export function save(id: string): Promise<boolean> {
  return inTurn(id, () => {
    const open = documentOf(id);
    if (!open) return Promise.resolve(false);
    return open.file ? write(id, { ...open.file, overwrite: false }) : saveElsewhere(id);
  });
}

export function saveAs(id: string): Promise<boolean> {
  return inTurn(id, () => saveElsewhere(id));
}

function inTurn(id: string, work: () => Promise<boolean>): Promise<boolean> {
  const before = turns.get(id) ?? Promise.resolve(true);
  const turn = before.then(work, work).finally(() => {
    if (turns.get(id) === turn) turns.delete(id);
  });
  turns.set(id, turn);
  return turn;
}

async function saveElsewhere(id: string): Promise<boolean> {
  const open = documentOf(id);
  if (!open) return false;
  const suggested = open.file ? baseName(open.file.path) : fileNameOf(open.document.title);
  const chosen = await choosePathToSave(suggested);
  if (!chosen || !documentOf(id)) return false;
  return write(id, { path: chosen.path, stamp: null, overwrite: chosen.replaces });
}

/** For another file: by its name, and what lay beside the old one is still found. */
function prepared(open: OpenDocument, path: string): OpenDocument {
  if (open.file?.path === path) return open;
  const title = titleForFile(open, path);
  const moves = open.file && open.file.folder !== folderOf(path);
  const changed = edited(open, `Save as ${baseName(path)}`, [
    ...(title === open.document.title ? [] : [{ type: 'set-graph-title', title } as const]),
    ...(moves && open.file ? wholePathEdits(open.document, open.file.folder) : []),
  ]);
  return changed.ok ? changed.value : open;
}

interface Target {
  readonly path: string;
  readonly stamp: string | null;
  readonly overwrite: boolean;
}

async function write(id: string, { path, stamp, overwrite }: Target): Promise<boolean> {
  // What is typed meanwhile must not melt into the step that is being written.
  updateDocument(id, sealed);
  const before = documentOf(id);
  if (!before) return false;
  const open = prepared(before, path);
  updateDocument(id, () => open);
  const { document } = open;
  const step = open.past.at(-1) ?? null;
  const saved = await ask(host.files.saveDocument.mutate({ path, document, stamp, overwrite }));
  if (!saved.ok) {
    updateDocument(id, (now) =>
      now.document === document ? { ...before, selection: now.selection } : now,
    );
    return settle(id, path, saved.problems);
  }
  updateDocument(id, (now) => savedAs(now, saved.value, step));
  tell(`Saved ${baseName(saved.value.path)}.`);
  noteRecentFiles();
  return true;
}

/** Asks what to do about a file that is not as expected; what cannot be settled is told. */
async function settle(id: string, path: string, problems: readonly Problem[]): Promise<boolean> {
  const conflict = problems.find(({ code }) => code === 'file-changed' || code === 'file-exists');
  if (!conflict) {
    tellProblems(problems, { title: 'Save as…', run: () => void saveAs(id) });
    return false;
  }
  const isOwnFile = documentOf(id)?.file?.path === path;
  const answer = await askPerson({
    title: conflict.code === 'file-changed' ? 'The file was changed' : 'The file exists',
    text: conflict.message,
    answers: [
      { id: 'elsewhere', title: 'Save as…', weight: 'primary' },
      { id: 'replace', title: 'Replace the file', weight: 'danger' },
      // Another graph's file is none to go on with.
      ...(isOwnFile ? [{ id: 'reload', title: 'Reload', weight: 'plain' } as const] : []),
    ],
  });
  if (answer === 'reload') {
    await readAgain(id, path);
    return false;
  }
  if (answer === 'replace') return write(id, { path, stamp: null, overwrite: true });
  return answer === 'elsewhere' ? saveElsewhere(id) : false;
}

function documentOf(id: string): OpenDocument | undefined {
  return workspace.getState().documents.find((open) => open.id === id);
}
