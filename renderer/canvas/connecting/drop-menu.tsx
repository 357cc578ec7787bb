/** Offers the nodes that fit where a wire was dropped on the empty canvas. */
import { Menu as Base } from '@base-ui/react/menu';
import { useMemo } from 'react';
import type { AnyNodeDefinition, Catalogue } from '#engine/node/any-node-definition.ts';
import type { Port } from '#engine/node/node-definition.ts';
import { catalogue } from '#nodes/index.ts';
import { checkedGraph } from '#renderer/analysis/checked-graph.ts';
import { Glyph } from '#renderer/parts/glyph.tsx';
import { activeDocument, edit, select, workspace } from '#renderer/workspace/workspace-store.ts';
import { cornerAt } from '#renderer/canvas/placing/add-node.ts';
import { onGrid } from '#renderer/canvas/placing/free-place.ts';
import { canvasView } from '#renderer/canvas/flow/canvas-view.ts';
import type { PortPlace } from '#renderer/canvas/card/port-place.ts';
import { newNode, newNodeId } from '#renderer/canvas/placing/new-node.ts';
import menu from '#renderer/parts/menu.module.css';
import type { DroppedWire } from './connect-gestures.ts';
import { connectEdits, edgeBetween } from './connect-reason.ts';
import styles from './drop-menu.module.css';

interface DropMenuProps {
  readonly dropped: DroppedWire;
  readonly onClose: () => void;
}

interface Offer {
  readonly definition: AnyNodeDefinition;
  readonly port: string;
}

export function DropMenu({ dropped, onClose }: DropMenuProps) {
  const { x, y } = dropped.client;
  const anchor = useMemo(() => ({ getBoundingClientRect: () => new DOMRect(x, y, 0, 0) }), [x, y]);
  const offers = offersFor(dropped.start);
  return (
    <Base.Root open modal={false} onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Base.Portal>
        <Base.Positioner
          className={menu['positioner']}
          anchor={anchor}
          align="start"
          sideOffset={4}
        >
          <Base.Popup
            className={`${menu['popup']} ${styles['popup']}`}
            aria-label="Nodes that fit here"
          >
            <p className={styles['title']}>
              {offers.length === 0 ? 'No node fits this wire.' : 'Add and connect'}
            </p>
            {offers.map(({ definition, port }) => (
              <Base.Item
                key={`${definition.type}.${port}`}
                className={`${menu['item']} ${styles['item']}`}
                onClick={() => addWired(dropped, { definition, port })}
              >
                <Glyph family={definition.family} />
                {definition.title}
              </Base.Item>
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

/** One for each node type: its first port that fits. */
function offersFor({ node, port, side }: PortPlace): readonly Offer[] {
  const open = activeDocument(workspace.getState());
  const kind = open && checkedGraph(open.document).nodes[node]?.definition?.[side][port]?.kind;
  const all: Catalogue = catalogue;
  return Object.values(all).flatMap((definition) => {
    const ports: Readonly<Record<string, Port>> =
      definition[side === 'outputs' ? 'inputs' : 'outputs'];
    const fitting = Object.entries(ports).find(([, other]) => other.kind === kind);
    return fitting ? [{ definition, port: fitting[0] }] : [];
  });
}

function addWired({ start, client }: DroppedWire, { definition, port }: Offer): void {
  const open = activeDocument(workspace.getState());
  const { flow } = canvasView.getState();
  if (!open || !flow) return;
  const at = flow.screenToFlowPosition(client);
  const id = newNodeId(definition, open.document.nodes);
  const end: PortPlace = { node: id, port, side: start.side === 'outputs' ? 'inputs' : 'outputs' };
  // The card comes to lie on the side to which the wire was drawn.
  const corner = cornerAt({ x: at.x + (start.side === 'outputs' ? 104 : -104), y: at.y });
  const position = { x: onGrid(corner.x), y: onGrid(corner.y) };
  const added = edit(`Add ${definition.title}`, [
    { type: 'add-node', id, node: newNode(definition), position },
    ...connectEdits(checkedGraph(open.document), edgeBetween(start, end)),
  ]);
  if (added) select([id]);
}
