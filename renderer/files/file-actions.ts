/** Beginning and closing graphs, with the question that a person has to answer where work is unsaved. */
import type { Outcome } from '#engine/contract/outcome.ts';
import type { GraphDocument } from '#engine/contract/document.ts';
import { ask, host } from '#renderer/connection/host-client.ts';
import { tell, tellProblems } from '#renderer/notices/notices.ts';
import { graphTitle } from '#renderer/workspace/graph-title.ts';
import { isDirty, type OpenDocument } from '#renderer/workspace/open-document.ts';
import {
  activate,
  closeDocument,
  emptyGraph,
  openDocument,
  workspace,
} from '#renderer/workspace/workspace-store.ts';
import { askPerson } from '#renderer/overlay/ask-person.ts';
import { save } from './save-graph.ts';

export function newDocument(): void {
  openDocument(emptyGraph);
}

/** Opens a copy of a preset, which has no file until it is saved. */
export async function openPreset(id: string): Promise<void> {
  const preset: Outcome<GraphDocument> = await ask(host.preset.query(id));
  if (preset.ok) openDocument(preset.value);
  else tellProblems(preset.problems);
}

/** Closes a graph; with unsaved work it asks first. */
export function close(id: string): void {
  void closeAsking(id);
}

async function closeAsking(id: string): Promise<void> {
  const open = documentOf(id);
  if (!open) return;
  if (!isDirty(open)) return closeDocument(id);
  // What the question is about should be seen.
  activate(id);
  const title = graphTitle(open.document);
  const answer = await askPerson({
    title: 'Save before closing?',
    text: `“${title}” has changes that are not in ${open.file ? 'its file' : 'a file'}.`,
    answers: [
      { id: 'save', title: 'Save', weight: 'primary' },
      { id: 'discard', title: 'Discard', weight: 'danger' },
    ],
  });
  if (answer === 'save') await saveAndClose(id);
  if (answer === 'discard') discard(id, title);
}

async function saveAndClose(id: string): Promise<void> {
  if (!(await save(id))) return;
  const open = documentOf(id);
  // Something may have been done while the file was written.
  if (open && !isDirty(open)) closeDocument(id);
}

/** For as long as the notice stands, even a discarded graph comes back with all its steps. */
function discard(id: string, title: string): void {
  const open = documentOf(id);
  if (!open) return;
  closeDocument(id);
  tell(`Closed “${title}” without saving.`, {
    title: 'Open it again',
    run: () =>
      workspace.setState(({ documents }) => ({ documents: [...documents, open], activeId: id })),
  });
}

function documentOf(id: string): OpenDocument | undefined {
  return workspace.getState().documents.find((open) => open.id === id);
}
