/** What a card shows, apart from runs, and how large that makes it: drawn from the check, the problems and the estimate. Pure. */
import type { GraphDocument, Json, PortRef } from '#engine/contract/document.ts';
import type { Problem } from '#engine/contract/problem.ts';
import { clipSourceSchema, imageSourceSchema } from '#engine/contract/sources.ts';
import { formatCount } from '#engine/contract/format.ts';
import type { StageEstimate } from '#engine/estimate/estimate.ts';
import { wireAt, type CheckedGraph, type CheckedNode } from '#engine/graph/check.ts';
import { nodeTitle } from '#engine/graph/node-title.ts';
import type { AnyNodeDefinition } from '#engine/node/any-node-definition.ts';
import { portWithRole, type Port } from '#engine/node/node-definition.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { wireKinds } from '#engine/node/wire.ts';
import { shapeText } from '#renderer/canvas/wire/shape-text.ts';
import type { CardBody, CardContent, PortModel, SocketModel } from './card-content.ts';
import { cardFontPx, cardGeometry, summaryRoomPx, type CardGeometry } from './card-geometry.ts';
import { fittingWithEnd } from './fitting-text.ts';
import { estimatedFoot } from './foot-text.ts';
import type { PortSide } from './port-place.ts';

export interface CardModel extends CardContent {
  readonly geometry: CardGeometry;
}

/** Names of the ports at which a wire starts or ends, by node. */
export type WiredPorts = ReadonlyMap<string, Readonly<Record<PortSide, ReadonlySet<string>>>>;

export interface CardFacts {
  readonly checked: CheckedGraph;
  readonly wired: WiredPorts;
  /** Of this node, errors first. */
  readonly problems: readonly Problem[];
  readonly estimate: StageEstimate | null;
}

export function wiredPorts({ edges }: GraphDocument): WiredPorts {
  const wired = new Map<string, Record<PortSide, Set<string>>>();
  const add = ({ node, port }: PortRef, side: PortSide): void => {
    const sides = wired.get(node) ?? { inputs: new Set(), outputs: new Set() };
    sides[side].add(port);
    wired.set(node, sides);
  };
  for (const { from, to } of edges) {
    add(from, 'outputs');
    add(to, 'inputs');
  }
  return wired;
}

export function cardModel(id: string, facts: CardFacts): CardModel {
  const { checked, problems, estimate, wired } = facts;
  const node = checked.nodes[id] as CheckedNode;
  const { definition } = node;
  const title = nodeTitle(node);
  const ports = portsOf(node, title, wired);
  const isPart = (port: PortModel): boolean =>
    port.side === 'inputs' && port.kind !== null && wireKinds[port.kind].part;
  // Every node with weights takes changes of them; a row for each would say so a dozen times and be empty.
  const isHidden = (port: PortModel): boolean => port.kind === 'weight-change' && !port.isWired;
  const sockets = ports
    .filter((port) => isPart(port) && !isHidden(port))
    .map((port) => ({ port, plugged: pluggedIn(port, node, checked) }));
  const others = ports.filter((port) => !isPart(port));
  const isEnd = others.length === 1 && sockets.length === 0;
  const parameters = estimate && estimate.parameters > 0 ? formatCount(estimate.parameters) : null;
  const content: CardContent = {
    id,
    type: node.node.type,
    title,
    family: definition?.family ?? null,
    body: bodyOf(node),
    ...summaryOf(node, parameters),
    parameters,
    weights: weightsOf(node),
    headPort: isEnd ? (others[0] ?? null) : null,
    sockets,
    hiddenPorts: ports.filter((port) => isPart(port) && isHidden(port)),
    rows: isEnd ? [] : rowsOf(others, estimate),
    // What is wrong stands where the cost would: that of a node in error is not known.
    foot: problems[0]?.severity === 'error' ? 'none' : footOf(definition),
    estimate: estimate && estimatedFoot(estimate),
    problem: problems[0] ?? null,
    problemCount: problems.length,
  };
  return { ...content, geometry: cardGeometry(content) };
}

/** Declared ports, and those that only a wire speaks of. */
function portsOf(node: CheckedNode, title: string, wiredOf: WiredPorts): readonly PortModel[] {
  return (['inputs', 'outputs'] as const).flatMap((side) => {
    const declared: Readonly<Record<string, Port>> = node.definition?.[side] ?? {};
    const wired = wiredOf.get(node.id)?.[side] ?? new Set<string>();
    const undeclared = [...wired].filter((name) => !Object.hasOwn(declared, name));
    return [...Object.keys(declared), ...undeclared].map((name): PortModel => {
      const port = Object.hasOwn(declared, name) ? declared[name] : undefined;
      const wire = wireAt(node, side, name);
      const portTitle = port?.title ?? name;
      return {
        side,
        name,
        title: portTitle,
        kind: port?.kind ?? null,
        shape: wire ? shapeText(wire) : null,
        isWired: wired.has(name),
        label: `${portTitle}, ${side === 'inputs' ? 'input' : 'output'} of ${title}`,
      };
    });
  });
}

function pluggedIn(
  port: PortModel,
  node: CheckedNode,
  checked: CheckedGraph,
): SocketModel['plugged'] {
  return (node.incoming[port.name] ?? []).flatMap(({ from }) => {
    const part = checked.nodes[from.node];
    if (!part?.definition) return [];
    const { definition, params, id } = part;
    return {
      id,
      title: nodeTitle(part),
      summary: definition.summary(params),
      family: definition.family,
    };
  });
}

/**
 * Inputs from the top down, then outputs, each in a row with its shape; of those that have none ever, words say, an
 * input and an output share one.
 */
function rowsOf(ports: readonly PortModel[], estimate: StageEstimate | null): CardContent['rows'] {
  const rows = ports
    .filter(({ side }) => side === 'inputs')
    .map((port): Row => ({ input: withKept(port, estimate), output: null }));
  for (const output of ports.filter(({ side }) => side === 'outputs')) {
    const shared = hasShape(output)
      ? -1
      : rows.findIndex((row) => row.input && !hasShape(row.input) && !row.output);
    if (shared < 0) rows.push({ input: null, output });
    else rows[shared] = { input: rows[shared]?.input ?? null, output };
  }
  return rows;
}

type Row = CardContent['rows'][number];

const hasShape = ({ kind }: PortModel): boolean => kind !== 'text' && kind !== 'answer';

/** "576 → 288" where the node itself drops visual tokens. */
function withKept(port: PortModel, estimate: StageEstimate | null): PortModel {
  const language = estimate?.language;
  if (port.kind !== 'tokens' || !language || language.keptVisualTokens === language.visualTokens)
    return port;
  return { ...port, shape: `${language.visualTokens} → ${language.keptVisualTokens}` };
}

function bodyOf({ definition, params, incoming }: CheckedNode): CardBody | null {
  if (!definition) return null;
  const ofKind = (kind: string): Json | undefined => {
    const name = Object.entries(definition.params).find(([, param]) => param.kind === kind)?.[0];
    return name === undefined ? undefined : params[name];
  };
  const source = imageSourceSchema.safeParse(ofKind('image'));
  if (source.success) return { kind: 'picture', media: 'image', source: source.data };
  const clip = clipSourceSchema.safeParse(ofKind('clip'));
  if (clip.success) return { kind: 'picture', media: 'video', source: clip.data };
  const text = ofKind('text');
  // A text that a person wrote, not what a node makes of its inputs.
  const isWritten =
    Object.keys(definition.inputs).length === 0 &&
    Object.values(definition.outputs).some(({ kind }) => kind === 'text');
  if (isWritten && typeof text === 'string') return { kind: 'text', text };
  const port = portWithRole(definition, 'inputs', 'answer');
  return port === null ? null : { kind: 'answer', from: incoming[port]?.[0]?.from.node ?? null };
}

/** Null where the body says it already. */
function summaryOf(
  node: CheckedNode,
  parameters: string | null,
): Pick<CardContent, 'summary' | 'shortSummary'> {
  const { definition, params } = node;
  const body = bodyOf(node);
  if (!definition || body?.kind === 'text' || body?.kind === 'answer')
    return { summary: null, shortSummary: null };
  const said = definition.summary(params);
  const endings = precisionEndings(params, said);
  const room = { widthPx: summaryRoomPx(parameters), fontPx: cardFontPx.summary };
  return {
    summary: said + (endings[0] ?? ''),
    shortSummary: fittingWithEnd(said, endings, room),
  };
}

/** The precisions of which a block size is told. */
const inBlocks: ReadonlySet<string> = new Set(weightParams.blockSize.shownWhen.is);

/** " · int4, block 128" and shorter; empty where it is said already. */
function precisionEndings(params: CheckedNode['params'], said: string): readonly string[] {
  const { precision, blockSize } = params;
  if (typeof precision !== 'string' || said.includes(precision)) return [''];
  const short = ` · ${precision}`;
  const hasBlocks = typeof blockSize === 'string' && inBlocks.has(precision);
  return hasBlocks ? [`${short}, block ${blockSize}`, short] : [short];
}

function weightsOf({ params }: CheckedNode): string | null {
  const weights = params['weights'];
  if (typeof weights !== 'object' || weights === null || !('kind' in weights)) return null;
  return weights['kind'] === 'random' ? 'random' : 'checkpoint';
}

function footOf(definition: AnyNodeDefinition | null): CardContent['foot'] {
  if (!definition || definition.body.kind === 'part') return 'none';
  if (definition.family === 'language') return 'language';
  return definition.family === 'input' || definition.family === 'output' ? 'none' : 'stage';
}
