/** Offers the nodes that fit where a wire was dropped on the empty canvas: by family, and found by typing. */
import { Popover } from '@base-ui/react/popover';
import { Fragment, useMemo, useRef } from 'react';
import type { AnyNodeDefinition, Catalogue } from '#engine/node/any-node-definition.ts';
import { families, type Port } from '#engine/node/node-definition.ts';
import { catalogue } from '#nodes/index.ts';
import { checkedGraph } from '#renderer/analysis/checked-graph.ts';
import { Glyph } from '#renderer/parts/glyph.tsx';
import { activeDocument, edit, select, workspace } from '#renderer/workspace/workspace-store.ts';
import { cornerAt } from '#renderer/canvas/placing/add-node.ts';
import { onGrid } from '#renderer/canvas/placing/free-place.ts';
import { canvasView } from '#renderer/canvas/flow/canvas-view.ts';
import type { PortPlace } from '#renderer/canvas/card/port-place.ts';
import { newNode, newNodeId } from '#renderer/canvas/placing/new-node.ts';
import { FoundTitle } from '#renderer/palette/found-title.tsx';
import { searchNodes, type FoundNode } from '#renderer/palette/search-nodes.ts';
import { useInSight, useTypedList } from '#renderer/parts/typed-list.ts';
import menu from '#renderer/parts/menu.module.css';
import type { DroppedWire } from './connect-gestures.ts';
import { connectEdits, edgeBetween } from './connect-reason.ts';
import styles from './drop-menu.module.css';

interface DropMenuProps {
  readonly dropped: DroppedWire;
  readonly onClose: () => void;
}

export function DropMenu({ dropped, onClose }: DropMenuProps) {
  const { x, y } = dropped.client;
  const anchor = useMemo(() => ({ getBoundingClientRect: () => new DOMRect(x, y, 0, 0) }), [x, y]);
  const input = useRef<HTMLInputElement>(null);
  const { typed, at, type, moveTo, press } = useTypedList();
  const fitting = useMemo(() => fittingNodes(dropped.start), [dropped.start]);
  const found = useMemo(() => searchNodes(fitting, typed), [fitting, typed]);
  const add = (node: FoundNode | undefined): void => {
    if (!node) return;
    onClose();
    addWired(dropped, node.definition);
  };
  return (
    <Popover.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Popover.Portal>
        <Popover.Positioner
          className={menu['positioner']}
          anchor={anchor}
          align="start"
          sideOffset={4}
        >
          <Popover.Popup
            className={`${menu['popup']} ${styles['popup']}`}
            aria-label="Nodes that fit here"
            initialFocus={input}
          >
            <input
              ref={input}
              role="combobox"
              className={styles['field']}
              aria-label="Search nodes that fit"
              aria-expanded
              aria-controls="fitting-nodes"
              aria-activedescendant={found.length > 0 ? optionId(at) : undefined}
              aria-autocomplete="list"
              placeholder="Add and connect"
              autoComplete="off"
              spellCheck={false}
              value={typed}
              onChange={({ target }) => type(target.value)}
              onKeyDown={(event) => press(event, found.length) && add(found[at])}
            />
            <Options
              {...{ found, at }}
              isGrouped={typed.trim() === ''}
              onHover={moveTo}
              onChoose={add}
            />
            {found.length === 0 && (
              <p className={styles['none']} role="status">
                {typed.trim() === ''
                  ? 'No node fits this wire.'
                  : `No node that fits matches “${typed.trim()}”.`}
              </p>
            )}
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}

const optionId = (at: number): string => `fitting-node-${at}`;

interface OptionsProps {
  readonly found: readonly FoundNode[];
  readonly at: number;
  /** While something is typed the best come first, and groups would tear them apart. */
  readonly isGrouped: boolean;
  readonly onHover: (at: number) => void;
  readonly onChoose: (node: FoundNode) => void;
}

function Options({ found, at, isGrouped, onHover, onChoose }: OptionsProps) {
  const list = useInSight(optionId(at));
  const familyAt = (place: number) => found[place]?.definition.family;
  return (
    <div
      ref={list}
      id="fitting-nodes"
      className={styles['list']}
      role="listbox"
      aria-label="Nodes"
      tabIndex={-1}
    >
      {found.map((node, place) => (
        <Fragment key={node.definition.type}>
          {isGrouped && familyAt(place) !== familyAt(place - 1) && (
            <div className={styles['group']} role="presentation">
              {families[node.definition.family].title}
            </div>
          )}
          <div
            id={optionId(place)}
            role="option"
            aria-selected={place === at}
            className={styles['option']}
            // Not on enter: the list scrolls under a pointer that rests while the arrows are used.
            onPointerMove={() => place !== at && onHover(place)}
            onClick={() => onChoose(node)}
          >
            <Glyph family={node.definition.family} />
            <FoundTitle found={node} />
          </div>
        </Fragment>
      ))}
    </div>
  );
}

/** The catalogue, as far as its nodes have a port that takes the wire. */
function fittingNodes(start: PortPlace): Catalogue {
  const all: Catalogue = catalogue;
  return Object.fromEntries(
    Object.entries(all).filter(([, definition]) => fittingPort(start, definition) !== null),
  );
}

const oppositeOf = (side: PortPlace['side']): PortPlace['side'] =>
  side === 'outputs' ? 'inputs' : 'outputs';

/** The first port of a node that takes the wire; null where none does. */
function fittingPort(
  { node, port, side }: PortPlace,
  definition: AnyNodeDefinition,
): string | null {
  const open = activeDocument(workspace.getState());
  const kind = open && checkedGraph(open.document).nodes[node]?.definition?.[side][port]?.kind;
  const ports: Readonly<Record<string, Port>> = definition[oppositeOf(side)];
  return Object.entries(ports).find(([, other]) => other.kind === kind)?.[0] ?? null;
}

function addWired({ start, client }: DroppedWire, definition: AnyNodeDefinition): void {
  const open = activeDocument(workspace.getState());
  const port = fittingPort(start, definition);
  const { flow } = canvasView.getState();
  if (!open || !flow || port === null) return;
  const at = flow.screenToFlowPosition(client);
  const id = newNodeId(definition, open.document.nodes);
  const end: PortPlace = { node: id, port, side: oppositeOf(start.side) };
  // The card comes to lie on the side to which the wire was drawn.
  const corner = cornerAt({ x: at.x + (start.side === 'outputs' ? 104 : -104), y: at.y });
  const position = { x: onGrid(corner.x), y: onGrid(corner.y) };
  const added = edit(`Add ${definition.title}`, [
    { type: 'add-node', id, node: newNode(definition), position },
    ...connectEdits(checkedGraph(open.document), edgeBetween(start, end)),
  ]);
  if (added) select([id]);
}
