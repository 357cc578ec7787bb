/** Checks a graph and infers what flows along every wire. Pure, and fast enough for every keystroke. */
import type { DocumentNode, Edge, GraphDocument, Json } from '../contract/document.ts';
import { error, hasErrors, type Problem } from '../contract/problem.ts';
import { checkEdges, inputKey } from './check-edges.ts';
import { checkParams } from './check-params.ts';
import type { AnyNodeDefinition, Catalogue } from '../node/any-node-definition.ts';
import type { Demand, Port, WiresByPort, WireTypes } from '../node/node-definition.ts';
import { orderNodes } from './order.ts';
import type { WireType } from '../node/wire.ts';

export interface CheckedNode {
  readonly id: string;
  readonly node: DocumentNode;
  /** Null where the catalogue does not know the type or the version. */
  readonly definition: AnyNodeDefinition | null;
  /** Every declared parameter, defaults filled in. */
  readonly params: Readonly<Record<string, Json>>;
  /** Edges that end at this node, by input port, in the document's order. */
  readonly incoming: Readonly<Record<string, readonly Edge[]>>;
  /** What they carry, as far as that is known. */
  readonly inputs: Readonly<Record<string, readonly WireType[]>>;
  readonly outputs: WireTypes;
  /** What the inference has worked out for the body. */
  readonly found: unknown;
  readonly demands: Readonly<Record<string, Demand | undefined>>;
  /** Output ports that have a wire. */
  readonly wired: ReadonlySet<string>;
}

export interface CheckedGraph {
  readonly document: GraphDocument;
  readonly order: readonly string[];
  readonly nodes: Readonly<Record<string, CheckedNode>>;
  readonly problems: readonly Problem[];
}

/** What the check says of one node, apart from what flows through it. */
interface Draft {
  readonly id: string;
  readonly node: DocumentNode;
  readonly definition: AnyNodeDefinition | null;
  readonly params: Readonly<Record<string, Json>>;
  readonly usable: boolean;
  readonly incoming: Record<string, Edge[]>;
  readonly outgoing: Edge[];
}

export function checkGraph(document: GraphDocument, catalogue: Catalogue): CheckedGraph {
  const problems: Problem[] = [];
  const drafts = new Map(
    Object.entries(document.nodes).map(([id, node]) => [
      id,
      draftNode(id, node, catalogue, problems),
    ]),
  );
  const edges = checkEdges(document, (id) => drafts.get(id)?.definition ?? null);
  problems.push(...edges.problems);
  for (const edge of edges.valid) {
    const to = drafts.get(edge.to.node) as Draft;
    (to.incoming[edge.to.port] ??= []).push(edge);
    drafts.get(edge.from.node)?.outgoing.push(edge);
  }
  const { order, cycle } = orderNodes({ nodes: document.nodes, edges: edges.valid });
  if (cycle) problems.push(cycleProblem(cycle));

  const demands = inferDemands(order, drafts);
  const known: Known = {
    wiredInputs: new Set(document.edges.map(inputKey)),
    undemanded: undemandedNodes(document, edges.valid, order, drafts),
  };
  const nodes = inferWires(order, drafts, demands, known, problems);
  return { document, order, nodes, problems };
}

function draftNode(
  id: string,
  node: DocumentNode,
  catalogue: Catalogue,
  problems: Problem[],
): Draft {
  const blank = { id, node, incoming: {}, outgoing: [] };
  const known = Object.hasOwn(catalogue, node.type)
    ? (catalogue[node.type] as AnyNodeDefinition)
    : null;
  if (!known) {
    const message = `"${node.type}" is not a node of this version; update Patchbay, or replace the node.`;
    problems.push(error('node-unknown', message, { node: id }));
    return { ...blank, definition: null, params: {}, usable: false };
  }
  if (node.version > known.version) {
    const message = `This ${known.title} was saved by a newer Patchbay (node version ${node.version}, known: ${known.version}); update Patchbay, or replace the node.`;
    problems.push(error('node-newer', message, { node: id }));
    return { ...blank, definition: null, params: {}, usable: false };
  }
  const checked = checkParams(id, node, known);
  problems.push(...checked.problems);
  return {
    ...blank,
    definition: known,
    params: checked.params,
    usable: !hasErrors(checked.problems),
  };
}

function cycleProblem(cycle: readonly string[]): Problem {
  const path = [...cycle, cycle[0]].join(' → ');
  return error(
    'cycle',
    `These nodes feed each other in a circle: ${path}; remove one of the wires.`,
    {
      node: cycle[0],
    },
  );
}

type Demands = ReadonlyMap<string, Readonly<Record<string, Demand | undefined>>>;

/** Backwards: what each node's outputs are asked for. */
function inferDemands(order: readonly string[], drafts: ReadonlyMap<string, Draft>): Demands {
  const asked = new Map<string, Readonly<Record<string, Demand | undefined>>>();
  const asks = new Map<string, Readonly<Record<string, Demand | undefined>>>();
  for (const id of order.toReversed()) {
    const { definition, params, usable, outgoing } = drafts.get(id) as Draft;
    const demands: Record<string, Demand | undefined> = {};
    for (const { from, to } of outgoing) {
      demands[from.port] = firstOf(demands[from.port], asks.get(to.node)?.[to.port]);
    }
    asked.set(id, demands);
    if (definition?.demand && usable) asks.set(id, definition.demand({ params, demands }));
  }
  return asked;
}

/** What has been said of a graph already, so that no node is blamed for it again. */
interface Known {
  /** Every input at which a wire ends, sound or not; see `inputKey`. */
  readonly wiredInputs: ReadonlySet<string>;
  /** Nodes of which nobody can say what is asked: a wire or a node behind them is broken. */
  readonly undemanded: ReadonlySet<string>;
}

function undemandedNodes(
  document: GraphDocument,
  validEdges: readonly Edge[],
  order: readonly string[],
  drafts: ReadonlyMap<string, Draft>,
): ReadonlySet<string> {
  const valid = new Set(validEdges);
  const ordered = new Set(order);
  const undemanded = new Set([
    ...document.edges.filter((edge) => !valid.has(edge)).map(({ from }) => from.node),
    ...[...drafts.keys()].filter((id) => !ordered.has(id)),
  ]);
  for (const id of order.toReversed()) {
    const { usable, outgoing } = drafts.get(id) as Draft;
    if (!usable || outgoing.some(({ to }) => undemanded.has(to.node))) undemanded.add(id);
  }
  return undemanded;
}

/** Of two consumers the first that asks is heard; the other is told, as a mismatch, if it asks otherwise. */
function firstOf(first: Demand | undefined, second: Demand | undefined): Demand | undefined {
  if (!first || !second) return first ?? second;
  return {
    channels: first.channels ?? second.channels,
    pixels: first.pixels ?? second.pixels,
    usualPixels: first.usualPixels ?? second.usualPixels,
    vocabularySize: smallerOf(first.vocabularySize, second.vocabularySize),
  };
}

/** Ids that one knows and the other does not are of no use to both. */
const smallerOf = (first: number | undefined, second: number | undefined): number | undefined =>
  first === undefined || second === undefined ? (first ?? second) : Math.min(first, second);

/** Forwards: what flows along every wire. A node behind a problem is left out, not blamed again. */
function inferWires(
  order: readonly string[],
  drafts: ReadonlyMap<string, Draft>,
  demandsOf: Demands,
  { wiredInputs, undemanded }: Known,
  problems: Problem[],
): Record<string, CheckedNode> {
  const nodes: Record<string, CheckedNode> = {};
  const place = (
    draft: Draft,
    inputs: CheckedNode['inputs'],
    { outputs, found }: { outputs: WireTypes; found?: unknown } = { outputs: {} },
  ): void => {
    const { id, node, definition, params, incoming } = draft;
    const wired = wiredOutputs(draft);
    const demands = demandsOf.get(id) ?? {};
    nodes[id] = { id, node, definition, params, incoming, inputs, outputs, found, demands, wired };
  };
  for (const id of order) {
    const draft = drafts.get(id) as Draft;
    const inputs = inputWires(draft, nodes);
    const missing = missingInputs(draft);
    const unwired = missing.filter(
      (port) => !wiredInputs.has(inputKey({ to: { node: id, port } })),
    );
    problems.push(...unwired.map((port) => missingProblem(draft, port)));
    const ready =
      draft.definition !== null &&
      draft.usable &&
      missing.length === 0 &&
      Object.entries(draft.incoming).every(
        ([port, edges]) => inputs[port]?.length === edges.length,
      );
    if (!ready || !draft.definition) {
      place(draft, inputs);
      continue;
    }
    const { definition, params } = draft;
    const demands = demandsOf.get(id) ?? {};
    const wires = wiresByPort({ definition, inputs });
    const wired = wiredOutputs(draft);
    const inferred = definition.infer({ id, params, inputs: wires, demands, wired });
    if (inferred.ok) {
      problems.push(
        ...(inferred.value.warnings ?? []).map((problem) => ({ ...problem, node: id })),
      );
      place(draft, inputs, inferred.value);
    } else {
      // A parameter that follows from what is asked cannot be known where that cannot.
      const own = inferred.problems.filter(
        ({ code }) => code !== 'param-invalid' || !undemanded.has(id),
      );
      problems.push(...own.map((problem) => ({ ...problem, node: id })));
      place(draft, inputs);
    }
  }
  for (const draft of drafts.values()) {
    if (!Object.hasOwn(nodes, draft.id)) place(draft, {});
  }
  return nodes;
}

const wiredOutputs = ({ outgoing }: Draft): ReadonlySet<string> =>
  new Set(outgoing.map(({ from }) => from.port));

function inputWires(
  draft: Draft,
  nodes: Readonly<Record<string, CheckedNode>>,
): CheckedNode['inputs'] {
  return Object.fromEntries(
    Object.entries(draft.incoming).map(([port, edges]) => [
      port,
      edges.flatMap(({ from }) => nodes[from.node]?.outputs[from.port] ?? []),
    ]),
  );
}

/** What flows at a port, the first of several; undefined where nothing does, or nobody knows. */
export function wireAt(
  { inputs, outputs }: Pick<CheckedNode, 'inputs' | 'outputs'>,
  side: 'inputs' | 'outputs',
  port: string,
): WireType | undefined {
  return side === 'inputs' ? inputs[port]?.[0] : outputs[port];
}

/** The wires of a node's inputs as its definition reads them. */
export function wiresByPort({
  definition,
  inputs,
}: Pick<CheckedNode, 'definition' | 'inputs'>): WiresByPort {
  const wires: Record<string, WireType | readonly WireType[]> = {};
  for (const [port, { several }] of Object.entries<Port>(definition?.inputs ?? {})) {
    const [first] = inputs[port] ?? [];
    if (several === true) wires[port] = inputs[port] ?? [];
    else if (first) wires[port] = first;
  }
  return wires;
}

/** Ports that need a wire and have none that carries something. */
function missingInputs({ definition, incoming }: Draft): readonly string[] {
  return Object.entries(definition?.inputs ?? {})
    .filter(([port, { optional }]) => optional !== true && !Object.hasOwn(incoming, port))
    .map(([port]) => port);
}

function missingProblem({ id, definition }: Draft, port: string): Problem {
  const message = `${definition?.title} needs its input "${definition?.inputs[port]?.title}"; wire something to it.`;
  return error('input-missing', message, { node: id, port });
}
