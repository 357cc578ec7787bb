/** The graphs that are open and the one at the front; every change to a graph goes through here. */
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import { documentVersion, type GraphDocument } from '#engine/contract/document.ts';
import type { Edit } from '#engine/contract/edit.ts';
import { tell, tellProblems } from '#renderer/notices/notices.ts';
import { untitled } from './graph-title.ts';
import {
  edited,
  openedDocument,
  redone,
  sealed,
  undone,
  type DocumentFile,
  type OpenDocument,
} from './open-document.ts';

export interface Workspace {
  /** In the order of their tabs. */
  readonly documents: readonly OpenDocument[];
  readonly activeId: string | null;
}

export const workspace = createStore<Workspace>(() => ({ documents: [], activeId: null }));

export function useWorkspace<Value>(pick: (workspace: Workspace) => Value): Value {
  return useStore(workspace, pick);
}

/** The graph at the front; null while the gallery is. */
export function activeDocument({ documents, activeId }: Workspace): OpenDocument | null {
  return documents.find(({ id }) => id === activeId) ?? null;
}

export function useActiveDocument(): OpenDocument | null {
  return useWorkspace(activeDocument);
}

export const emptyGraph: GraphDocument = {
  format: 'patchbay',
  version: documentVersion,
  title: untitled,
  about: '',
  nodes: {},
  edges: [],
  layout: {},
  notes: [],
};

interface Opening {
  readonly file?: DocumentFile | null;
  readonly id?: string;
  /** Work that is in no file yet, as after a crash or an import. */
  readonly unsaved?: boolean;
  /** Is the title of a graph without a file one that a person wrote? */
  readonly wasTitled?: boolean;
}

/** Opens a graph at the front; one whose file is open already is brought there as it is. */
export function openDocument(document: GraphDocument, opening: Opening = {}): string {
  const { id = crypto.randomUUID(), file } = opening;
  const there = workspace
    .getState()
    .documents.find((open) => open.id === id || (file && open.file?.path === file.path));
  if (there) {
    activate(there.id);
    return there.id;
  }
  const opened = openedDocument(id, document, opening);
  workspace.setState(({ documents }) => ({ documents: [...documents, opened], activeId: id }));
  return id;
}

export function activate(id: string | null): void {
  workspace.setState({ activeId: id });
}

/** Closes without asking; who calls has asked. The neighbour comes to the front. */
export function closeDocument(id: string): void {
  workspace.setState(({ documents, activeId }) => {
    const place = documents.findIndex((open) => open.id === id);
    const left = documents.filter((open) => open.id !== id);
    const neighbour = left[Math.min(place, left.length - 1)]?.id ?? null;
    return { documents: left, activeId: activeId === id ? neighbour : activeId };
  });
}

export function updateDocument(id: string, change: (open: OpenDocument) => OpenDocument): void {
  workspace.setState(({ documents }) => ({
    documents: documents.map((open) => (open.id === id ? change(open) : open)),
  }));
}

function updateActive(change: (open: OpenDocument) => OpenDocument): void {
  const { activeId } = workspace.getState();
  if (activeId !== null) updateDocument(activeId, change);
}

/**
 * Changes the graph at the front, as one step of undo. Steps of one `mergeKey` become one until `sealStep`.
 * Where the edits do not fit, nothing changes, a notice says why, and false comes back.
 */
export function edit(label: string, edits: readonly Edit[], mergeKey?: string): boolean {
  const open = activeDocument(workspace.getState());
  if (!open) return false;
  const outcome = edited(open, label, edits, mergeKey ?? null);
  if (outcome.ok) updateDocument(open.id, () => outcome.value);
  else tellProblems(outcome.problems);
  return outcome.ok;
}

/** Ends what `mergeKey` holds together: a field was left, a slider let go. */
export const sealStep = (): void => updateActive(sealed);

export function undo(): void {
  const step = activeDocument(workspace.getState())?.past.at(-1);
  updateActive(undone);
  if (step) tell(`Undone: ${step.label}`);
}

export function redo(): void {
  const step = activeDocument(workspace.getState())?.future[0];
  updateActive(redone);
  if (step) tell(`Done again: ${step.label}`);
}

export function select(ids: Iterable<string>): void {
  updateActive((open) => {
    const selection = new Set(ids);
    const same =
      selection.size === open.selection.size &&
      [...selection].every((id) => open.selection.has(id));
    return same ? open : { ...open, selection };
  });
}
