/** Cards on the move: kept here while the pointer holds them, one step of undo when it lets go. */
import type { NodeChange } from '@xyflow/react';
import { useCallback, useMemo, useRef, useState } from 'react';
import type { OpenDocument } from '#renderer/workspace/open-document.ts';
import { edit, sealStep, select } from '#renderer/workspace/workspace-store.ts';
import type { CardNode } from '#renderer/canvas/card/card-node.ts';
import type { Layout } from '#renderer/canvas/flow/projection.ts';
import { onGrid } from './free-place.ts';
import { moveEdits } from './places.ts';

interface Dragging {
  readonly nodes: CardNode[];
  readonly onNodesChange: (changes: NodeChange<CardNode>[]) => void;
  readonly onStart: () => void;
  readonly onStop: () => void;
}

/** Presses of an arrow key that follow one another faster than this are one step. */
const burstMs = 800;

export function useDragging(open: OpenDocument, nodes: CardNode[], places: Layout): Dragging {
  const [held, setHeld] = useState<Layout | null>(null);
  // Handlers stay the same while what they read moves on.
  const now = useRef({ open, places, held });
  now.current = { open, places, held };
  const isHeld = useRef(false);
  const burst = useRef<ReturnType<typeof setTimeout>>(undefined);

  const move = useCallback((moved: Layout, mergeKey?: string) => {
    const { document } = now.current.open;
    const ids = Object.keys(moved);
    const label = ids.length === 1 ? 'Move' : `Move ${ids.length} nodes`;
    edit(label, moveEdits(document, now.current.places, moved), mergeKey);
  }, []);

  const onNodesChange = useCallback(
    (changes: NodeChange<CardNode>[]) => {
      changeSelection(now.current.open.selection, changes);
      const moved = movedBy(changes);
      if (!moved) return;
      if (isHeld.current) {
        const next = { ...now.current.held, ...moved };
        now.current.held = next;
        setHeld(next);
        return;
      }
      move(moved, 'arrow-keys');
      clearTimeout(burst.current);
      burst.current = setTimeout(sealStep, burstMs);
    },
    [move],
  );
  const onStart = useCallback(() => {
    isHeld.current = true;
  }, []);
  const onStop = useCallback(() => {
    const { held: last, places: before } = now.current;
    isHeld.current = false;
    now.current.held = null;
    setHeld(null);
    if (!last) return;
    const moved = Object.entries(last).filter(
      ([id, { x, y }]) => before[id]?.x !== x || before[id].y !== y,
    );
    if (moved.length > 0) move(Object.fromEntries(moved));
  }, [move]);

  const shown = useMemo(
    () =>
      held === null
        ? nodes
        : nodes.map((node) => {
            const position = held[node.id];
            return position ? { ...node, position, dragging: true } : node;
          }),
    [nodes, held],
  );
  return { nodes: shown, onNodesChange, onStart, onStop };
}

function movedBy(changes: readonly NodeChange<CardNode>[]): Layout | null {
  const moved: Record<string, Layout[string]> = {};
  for (const change of changes) {
    if (change.type !== 'position' || !change.position) continue;
    moved[change.id] = { x: onGrid(change.position.x), y: onGrid(change.position.y) };
  }
  return Object.keys(moved).length > 0 ? moved : null;
}

function changeSelection(
  before: ReadonlySet<string>,
  changes: readonly NodeChange<CardNode>[],
): void {
  const selects = changes.filter((change) => change.type === 'select');
  if (selects.length === 0) return;
  const selection = new Set(before);
  for (const { id, selected } of selects) {
    if (selected) selection.add(id);
    else selection.delete(id);
  }
  select(selection);
}
