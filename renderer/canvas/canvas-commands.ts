/** Commands that change the graph at the front or what of it is seen. */
import type { Edit } from '#engine/contract/edit.ts';
import type { Command } from '#renderer/commands/command.ts';
import type { OpenDocument } from '#renderer/workspace/open-document.ts';
import {
  activeDocument,
  edit,
  redo,
  select,
  undo,
  workspace,
} from '#renderer/workspace/workspace-store.ts';
import { autoLayout } from '#renderer/canvas/placing/auto-layout.ts';
import {
  canvasView,
  fitOptions,
  motionMs,
  selectWires,
} from '#renderer/canvas/flow/canvas-view.ts';
import {
  copySelection,
  cutSelection,
  duplicateSelection,
  pasteClipboard,
} from '#renderer/canvas/placing/clipboard.ts';
import { shownGraph } from '#renderer/canvas/placing/shown-graph.ts';

const active = (): OpenDocument | null => activeDocument(workspace.getState());
const hasSelection = (): boolean => (active()?.selection.size ?? 0) > 0;
const hasNodes = (): boolean => Object.keys(active()?.document.nodes ?? {}).length > 0;
const isOpen = (): boolean => active() !== null;

/** Words that are marked on the page are what a person means to copy. */
const hasMarkedText = (): boolean => (window.getSelection()?.toString() ?? '') !== '';

/** Delete at a control of a side panel must not take away the node that the panel is about. */
const isAtSidePanel = (): boolean =>
  document.activeElement?.closest('[aria-label="Inspector"], [aria-label="Results"]') != null;

export const canvasCommands: readonly Command[] = [
  {
    id: 'edit.undo',
    title: 'Undo',
    group: 'Edit',
    keys: ['Mod+Z'],
    isEnabled: () => (active()?.past.length ?? 0) > 0,
    run: undo,
  },
  {
    id: 'edit.redo',
    title: 'Redo',
    group: 'Edit',
    keys: ['Mod+Shift+Z', 'Mod+Y'],
    isEnabled: () => (active()?.future.length ?? 0) > 0,
    run: redo,
  },
  {
    id: 'edit.cut',
    title: 'Cut',
    group: 'Edit',
    keys: ['Mod+X'],
    isEnabled: () => hasSelection() && !hasMarkedText(),
    run: cutSelection,
  },
  {
    id: 'edit.copy',
    title: 'Copy',
    group: 'Edit',
    keys: ['Mod+C'],
    isEnabled: () => hasSelection() && !hasMarkedText(),
    run: () => void copySelection(),
  },
  {
    id: 'edit.paste',
    title: 'Paste',
    group: 'Edit',
    keys: ['Mod+V'],
    isEnabled: isOpen,
    run: () => void pasteClipboard(),
  },
  {
    id: 'edit.duplicate',
    title: 'Duplicate',
    group: 'Edit',
    keys: ['Mod+D'],
    isEnabled: hasSelection,
    run: duplicateSelection,
  },
  {
    id: 'edit.delete',
    title: 'Delete',
    group: 'Edit',
    keys: ['Delete', 'Backspace'],
    isEnabled: () =>
      (hasSelection() || canvasView.getState().selectedWires.size > 0) && !isAtSidePanel(),
    run: deleteSelection,
  },
  {
    id: 'edit.select-all',
    title: 'Select all',
    group: 'Edit',
    keys: ['Mod+A'],
    isEnabled: hasNodes,
    run: () => select(Object.keys(active()?.document.nodes ?? {})),
  },
  {
    id: 'edit.auto-layout',
    title: 'Arrange the cards',
    group: 'Edit',
    keys: ['Mod+Shift+A'],
    isEnabled: hasNodes,
    run: arrange,
  },
  {
    id: 'view.fit',
    title: 'Show the whole graph',
    group: 'View',
    keys: ['Mod+0', '1'],
    isEnabled: hasNodes,
    run: fit,
  },
  {
    id: 'view.zoom-in',
    title: 'Zoom in',
    group: 'View',
    keys: ['Mod++', 'Mod+='],
    isEnabled: isOpen,
    run: () => void canvasView.getState().flow?.zoomIn({ duration: motionMs() }),
  },
  {
    id: 'view.zoom-out',
    title: 'Zoom out',
    group: 'View',
    keys: ['Mod+-'],
    isEnabled: isOpen,
    run: () => void canvasView.getState().flow?.zoomOut({ duration: motionMs() }),
  },
];

function fit(): void {
  const { flow } = canvasView.getState();
  void flow?.fitView({ ...fitOptions, duration: motionMs() });
}

/** Wires by themselves, and nodes, which take theirs along. */
function deleteSelection(): void {
  const open = active();
  if (!open) return;
  const { selectedWires } = canvasView.getState();
  const wires = shownGraph(open)
    .models.wires.filter(({ id }) => selectedWires.has(id))
    .map(({ edge }) => edge)
    .filter(({ from, to }) => !open.selection.has(from.node) && !open.selection.has(to.node));
  const edits: readonly Edit[] = [
    ...wires.map((edge): Edit => ({ type: 'disconnect', edge })),
    ...[...open.selection].map((id): Edit => ({ type: 'remove-node', id })),
  ];
  const counts = [
    [open.selection.size, 'node'],
    [wires.length, 'wire'],
  ] as const;
  const what = counts
    .filter(([count]) => count > 0)
    .map(([count, word]) => (count === 1 ? `1 ${word}` : `${count} ${word}s`));
  if (edit(`Delete ${what.join(' and ')}`, edits)) selectWires([]);
}

function arrange(): void {
  const open = active();
  if (!open) return;
  const { models, places } = shownGraph(open);
  const edits = Object.entries(autoLayout(models))
    .filter(
      ([id, { x, y }]) => places[id]?.x !== x || places[id].y !== y || !open.document.layout[id],
    )
    .map(([id, position]): Edit => ({ type: 'move-node', id, position }));
  edit('Arrange the cards', edits);
  // React Flow takes the new places over with the next frame.
  requestAnimationFrame(() => requestAnimationFrame(fit));
}
