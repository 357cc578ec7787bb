/** From the document to what React Flow draws; what has not changed stays the same object, so it is not drawn again. Pure. */
import { Position } from '@xyflow/react';
import type { GraphDocument } from '#engine/contract/document.ts';
import type { Problem } from '#engine/contract/problem.ts';
import type { GraphEstimate } from '#engine/estimate/estimate.ts';
import type { CheckedGraph, CheckedNode } from '#engine/graph/check.ts';
import { families } from '#engine/node/node-definition.ts';
import { sameValue } from '#engine/same-value.ts';
import { cardWidthPx, portDotPx } from '#renderer/canvas/card/card-geometry.ts';
import { cardModel, wiredPorts, type CardModel } from '#renderer/canvas/card/card-model.ts';
import type { CardNode } from '#renderer/canvas/card/card-node.ts';
import type { WireEdge } from '#renderer/canvas/wire/wire-edge.ts';
import { plainCourse, type WireCourse } from '#renderer/canvas/wire/wire-course.ts';
import { wireModels, type WireModel } from '#renderer/canvas/wire/wire-model.ts';

export interface Models {
  readonly cards: readonly CardModel[];
  readonly wires: readonly WireModel[];
}

export interface GraphFacts {
  readonly checked: CheckedGraph;
  /** Errors first. */
  readonly problems: readonly Problem[];
  readonly estimate: GraphEstimate | null;
}

export const noModels: Models = { cards: [], wires: [] };

/** `before` is what was drawn last: equal cards and wires are taken over from it. */
export function projectModels(facts: GraphFacts, before: Models = noModels): Models {
  const { checked, problems, estimate } = facts;
  const wired = wiredPorts(checked.document);
  const ofNode = new Map<string, Problem[]>();
  for (const problem of problems) {
    const { node = '' } = problem;
    ofNode.set(node, [...(ofNode.get(node) ?? []), problem]);
  }
  const stages = new Map(estimate?.stages.map((stage) => [stage.node, stage]));
  const oldCards = new Map(before.cards.map((card) => [card.id, card]));
  const oldWires = new Map(before.wires.map((wire) => [wire.id, wire]));
  const cards = readingOrder(checked).map((id) => {
    const stage = stages.get(id) ?? null;
    return kept(
      oldCards.get(id),
      cardModel(id, { checked, wired, problems: ofNode.get(id) ?? [], estimate: stage }),
    );
  });
  const wires = wireModels(checked, problems).map((wire) => kept(oldWires.get(wire.id), wire));
  const same = { cards: keptList(before.cards, cards), wires: keptList(before.wires, wires) };
  return same.cards === before.cards && same.wires === before.wires ? before : same;
}

/** The order in which Tab walks over the cards: each after all that feed it, the main line first. */
function readingOrder({ nodes, document }: CheckedGraph): readonly string[] {
  const feeds = new Set(Object.values(nodes).flatMap(({ incoming }) => giversOf(incoming)));
  const ids = Object.keys(document.nodes);
  const order = new Set<string>();
  const seen = new Set<string>();
  // A path of its own instead of nested calls: a chain may be longer than calls can nest.
  const visit = (from: string): void => {
    const path = [from];
    while (path.length > 0) {
      const id = path.at(-1) as string;
      seen.add(id);
      const next = giversOf(nodes[id]?.incoming ?? {}).find((giver) => !seen.has(giver));
      if (next !== undefined) path.push(next);
      else order.add(path.pop() as string);
    }
  };
  const ends = ids.filter((id) => !feeds.has(id));
  for (const id of [...ends, ...ids]) if (!seen.has(id)) visit(id);
  return [...order];
}

const giversOf = (incoming: CheckedNode['incoming']): readonly string[] =>
  Object.values(incoming)
    .flat()
    .map(({ from }) => from.node);

const kept = <Item>(before: Item | undefined, now: Item): Item =>
  before !== undefined && sameValue(before, now) ? before : now;

const keptList = <Item>(before: readonly Item[], now: readonly Item[]): readonly Item[] =>
  before.length === now.length && before.every((item, index) => item === now[index]) ? before : now;

export type Layout = GraphDocument['layout'];

const nodes = new WeakMap<CardModel, CardNode>();

const noLevels: ReadonlyMap<string, number> = new Map();

/** A card at its place. Asked again for the same card, place, selection and level, it gives the same object. */
export function cardNode(
  model: CardModel,
  position: Layout[string],
  selected: boolean,
  levels = noLevels,
): CardNode {
  const known = nodes.get(model);
  const zIndex = levels.get(model.id) ?? 0;
  if (
    known?.selected === selected &&
    known.zIndex === zIndex &&
    known.position.x === position.x &&
    known.position.y === position.y
  )
    return known;
  const { id, title, family, summary, problemCount, geometry } = model;
  const size = { width: cardWidthPx, height: geometry.height };
  const about = [
    title,
    family === null ? 'unknown node' : families[family].title,
    summary,
    problemCount > 0 && (problemCount === 1 ? '1 problem' : `${problemCount} problems`),
  ];
  const node: CardNode = {
    id,
    type: 'card',
    position: { x: position.x, y: position.y },
    data: known?.data ?? { model },
    selected,
    zIndex,
    ...size,
    measured: size,
    handles: handlesOf(model),
    ariaLabel: about.filter(Boolean).join(', '),
  };
  nodes.set(model, node);
  return node;
}

function handlesOf({ geometry }: CardModel): NonNullable<CardNode['handles']> {
  return geometry.ports.map(({ port, side, y }) => ({
    id: port.name,
    type: port.side === 'inputs' ? 'target' : 'source',
    position: side === 'left' ? Position.Left : Position.Right,
    x: (side === 'left' ? 0 : cardWidthPx) - portDotPx / 2,
    y: y - portDotPx / 2,
    width: portDotPx,
    height: portDotPx,
  }));
}

const edges = new WeakMap<WireModel, WireEdge>();

export function wireEdge(
  model: WireModel,
  selected: boolean,
  course: WireCourse = plainCourse,
): WireEdge {
  const known = edges.get(model);
  const isSameCourse = known?.data !== undefined && sameValue(known.data.course, course);
  if (known && isSameCourse && known.selected === selected) return known;
  const { id, edge, label, problem } = model;
  const made: WireEdge = {
    id,
    type: 'wire',
    source: edge.from.node,
    sourceHandle: edge.from.port,
    target: edge.to.node,
    targetHandle: edge.to.port,
    selected,
    data: known?.data && isSameCourse ? known.data : { model, course },
    ariaLabel: problem ? `${label}. ${problem.message}` : label,
  };
  edges.set(model, made);
  return made;
}
