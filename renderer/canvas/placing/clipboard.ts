/** Copies nodes to the system's clipboard and pastes them from it, into this window or another. */
import type { GraphDocument } from '#engine/contract/document.ts';
import { writeDocument } from '#engine/graph/read-document.ts';
import { catalogue } from '#nodes/index.ts';
import { tell, tellProblems } from '#renderer/notices/notices.ts';
import { activeDocument, edit, select, workspace } from '#renderer/workspace/workspace-store.ts';
import type { OpenDocument } from '#renderer/workspace/open-document.ts';
import { canvasView, middleOfView } from '#renderer/canvas/flow/canvas-view.ts';
import { fragmentOf, offsetTo, pasteEdits, pasteOffset, readFragment } from './fragment.ts';
import { shownGraph } from './shown-graph.ts';

/** Stands in where the browser does not let the page at the clipboard. */
let kept = '';

const active = (): OpenDocument | null => activeDocument(workspace.getState());
const nodesText = (count: number): string => (count === 1 ? '1 node' : `${count} nodes`);

function selectedFragment(open: OpenDocument): GraphDocument {
  return fragmentOf(open.document, shownGraph(open).places, open.selection);
}

export async function copySelection(): Promise<void> {
  const open = active();
  if (!open || open.selection.size === 0) return;
  kept = writeDocument(selectedFragment(open));
  const count = open.selection.size;
  try {
    await navigator.clipboard.writeText(kept);
    tell(`Copied ${nodesText(count)}.`);
  } catch {
    tell(`Copied ${nodesText(count)} within this window; the browser keeps its clipboard closed.`);
  }
}

export function cutSelection(): void {
  const open = active();
  if (!open || open.selection.size === 0) return;
  // The text is taken before the nodes go.
  void copySelection();
  const ids = [...open.selection];
  edit(
    `Cut ${nodesText(ids.length)}`,
    ids.map((id) => ({ type: 'remove-node', id })),
  );
}

export async function pasteClipboard(): Promise<void> {
  const read = readFragment(await clipboardText(), catalogue);
  const open = active();
  if (!open) return;
  if (!read.ok) return tellProblems(read.problems);
  paste(open, read.value, 'Paste');
}

async function clipboardText(): Promise<string> {
  try {
    const text = await navigator.clipboard.readText();
    return text === '' ? kept : text;
  } catch {
    return kept;
  }
}

export function duplicateSelection(): void {
  const open = active();
  if (open && open.selection.size > 0) paste(open, selectedFragment(open), 'Duplicate');
}

function paste(open: OpenDocument, fragment: GraphDocument, verb: string): void {
  const aside = pasteOffset(fragment, shownGraph(open).places);
  const offset = isSeen(fragment, aside) ? aside : offsetTo(fragment, middleOfView());
  const { ids, edits } = pasteEdits(open.document, fragment, offset);
  if (edit(`${verb} ${nodesText(ids.length)}`, edits)) select(ids);
}

/** Would any pasted card lie where the person is looking? */
function isSeen(
  { layout }: GraphDocument,
  offset: { readonly x: number; readonly y: number },
): boolean {
  const { flow, element } = canvasView.getState();
  const box = element?.getBoundingClientRect();
  if (!flow || !box) return true;
  return Object.values(layout).some((place) => {
    const { x, y } = flow.flowToScreenPosition({ x: place.x + offset.x, y: place.y + offset.y });
    return x > box.left && x < box.right - 40 && y > box.top && y < box.bottom - 40;
  });
}
