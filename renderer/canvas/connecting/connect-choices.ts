/** The ports that the connect dialog lists: those that fit first, then those that refuse, with why. Pure. */
import type { Problem } from '#engine/contract/problem.ts';
import { wireAt, type CheckedGraph, type CheckedNode } from '#engine/graph/check.ts';
import { nodeTitle } from '#engine/graph/node-title.ts';
import type { Family } from '#engine/node/node-definition.ts';
import { describeWire } from '#engine/node/wire.ts';
import type { PortPlace } from '#renderer/canvas/card/port-place.ts';
import { allPorts, connectReasons, takesSeveral } from './connect-reason.ts';

export interface ConnectChoice {
  readonly place: PortPlace;
  readonly family: Family | null;
  /** "MLP projector" */
  readonly title: string;
  readonly portTitle: string;
  /** What flows there now; null where nothing does. */
  readonly carries: string | null;
  /** An input whose wire would be replaced. */
  readonly replaces: boolean;
  readonly refusal: Problem | null;
}

/** Ports on the other side whose node or port title holds every word of `search`. */
export function connectChoices(
  checked: CheckedGraph,
  start: PortPlace,
  search: string,
): readonly ConnectChoice[] {
  const reasonAt = connectReasons(checked, start);
  const full = new Set(
    checked.document.edges
      .filter(({ to }) => !takesSeveral(checked, to))
      .map(({ to }) => `${to.node}/${to.port}`),
  );
  const words = search.toLowerCase().split(/\s+/);
  const choices = allPorts(checked)
    .filter(({ side }) => side !== start.side)
    .map(({ node: id, port, side, title }): ConnectChoice => {
      const node = checked.nodes[id] as CheckedNode;
      const wire = wireAt(node, side, port);
      const place = { node: id, port, side };
      return {
        place,
        family: node.definition?.family ?? null,
        title: nodeTitle(node),
        portTitle: title,
        carries: wire ? describeWire(wire) : null,
        replaces: full.has(side === 'inputs' ? `${id}/${port}` : `${start.node}/${start.port}`),
        refusal: reasonAt(place),
      };
    })
    .filter(({ title, portTitle, place }) => {
      const text = `${title} ${portTitle} ${place.node}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
  return [
    ...choices.filter(({ refusal }) => refusal === null),
    ...choices.filter(({ refusal }) => refusal !== null),
  ];
}
