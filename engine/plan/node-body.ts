/** From a checked node to what it does: its context, the parts plugged into it, its ONNX graph. */
import { wiresByPort, type CheckedGraph, type CheckedNode } from '../graph/check.ts';
import type { AnyContext, AnyNodeDefinition } from '../node/any-node-definition.ts';
import { weightSocket } from '../node/node-definition.ts';
import { partsOfKind, type Part } from '../node/part.ts';
import { matrixFormat, type WeightParams } from '../node/weight-params.ts';
import {
  itemsOf,
  oneView,
  portTensors,
  viewsSymbol,
  wireKinds,
  type PortTensor,
  type ViewCount,
  type WireType,
} from '../node/wire.ts';
import { GraphBuilder, type WeightSetting } from '../onnx/graph-builder.ts';
import type { OperatorBudget } from '../onnx/operator-budget.ts';
import type { StageModel } from '../onnx/model.ts';
import type { DimBindings, Value } from '../onnx/value.ts';
import type { KeyLayout, WeightExpression } from '../onnx/weight.ts';
import { outputShown, unseenDims } from './shown-outputs.ts';

/** Graphs name their inputs and outputs after ports, which may have the same name on both sides. */
export const inputPrefix = 'in.';
export const outputPrefix = 'out.';
export const factPrefix = 'fact.';

/** Is something that plugs in wired to this port? */
export function isPart({ definition }: CheckedNode, port: string): boolean {
  const kind = definition?.inputs[port]?.kind;
  return kind !== undefined && wireKinds[kind].part;
}

/** The nodes that bodies are made of, and what bounds them. */
interface Surroundings extends Pick<CheckedGraph, 'nodes'> {
  readonly budget?: OperatorBudget;
}

/** Where a node's weights come from and their format; null for a node without weights. */
function weightSetting(
  graph: Surroundings,
  node: CheckedNode,
  hostLayouts: readonly KeyLayout[] = [],
): WeightSetting | null {
  const { id, definition, params } = node;
  if (!definition?.keyLayouts) return null;
  const { weights, precision, blockSize } = params as Pick<WeightParams, 'weights'> &
    Partial<WeightParams>;
  const layouts = definition.keyLayouts(params, hostLayouts);
  const origin = { node: id, source: weights, layouts };
  // A part whose weights are never matrices of a product has no precision to choose.
  const format = precision && blockSize ? matrixFormat({ precision, blockSize }) : { blocks: null };
  const changes = partsOfKind(partsAt(graph, node, weightSocket, layouts), 'weights');
  if (changes.length === 0) return { origin, ...format };
  return {
    origin,
    ...format,
    change: (g, tensor) => {
      const publishedNames = layouts.map(({ key }) => key(tensor.name));
      return changes.reduce<WeightExpression>(
        (weight, part) => part.change(g, weight, { ...tensor, publishedNames }),
        tensor,
      );
    },
  };
}

export type OnnxBody = Extract<AnyNodeDefinition['body'], { kind: 'onnx' }>;

export function bodyContext(graph: Surroundings, node: CheckedNode): AnyContext {
  return {
    params: node.params,
    inputs: wiresByPort(node),
    outputs: node.outputs,
    found: node.found,
    wired: node.wired,
    parts: partsOf(graph, node),
    newGraph: graphMaker(weightSetting(graph, node), graph.budget),
  };
}

const graphMaker =
  (setting: WeightSetting | null, budget?: OperatorBudget): AnyContext['newGraph'] =>
  (emit, format) => {
    const g = new GraphBuilder(budget);
    if (setting) g.weightsFrom({ ...setting, ...format }, () => emit(g));
    else emit(g);
    return g.finish();
  };

/** What changes weights is no part of the node itself: the builder applies it. */
function partsOf(graph: Surroundings, node: CheckedNode): readonly Part[] {
  const layouts = node.definition?.keyLayouts?.(node.params) ?? [];
  return Object.keys(node.incoming)
    .filter((port) => port !== weightSocket && isPart(node, port))
    .flatMap((port) => partsAt(graph, node, port, layouts));
}

function partsAt(
  graph: Surroundings,
  { incoming }: CheckedNode,
  port: string,
  hostLayouts: readonly KeyLayout[],
): readonly Part[] {
  return (incoming[port] ?? []).flatMap(
    ({ from }) => partOf(graph, graph.nodes[from.node] as CheckedNode, hostLayouts) ?? [],
  );
}

function partOf(
  graph: Surroundings,
  source: CheckedNode,
  hostLayouts: readonly KeyLayout[],
): Part | null {
  const body = source.definition?.body;
  if (body?.kind !== 'part') return null;
  const setting = weightSetting(graph, source, hostLayouts);
  return body.part({
    node: source.id,
    params: source.params,
    withWeights: (g, emit) => (setting ? g.weightsFrom(setting, emit) : emit()),
    newGraph: graphMaker(setting, graph.budget),
  });
}

/** The tensors that carry the wires of an input, named after the port, and numbered where it takes several. */
export function inputTensors(
  definition: AnyNodeDefinition | null,
  port: string,
  wires: readonly WireType[],
): readonly PortTensor[] {
  const several = definition?.inputs[port]?.several === true;
  return wires.flatMap((wire, index) => portTensors(several ? `${port}.${index}` : port, wire));
}

/** Inner values that leave a graph beside what its ports carry. */
interface BuiltOutputs {
  /** As `tap.<name>`, always. */
  readonly taps?: readonly string[];
  /** As `shown.<name>`, in runs that are not unseen. */
  readonly shown?: readonly string[];
}

export function buildModel(
  node: CheckedNode,
  body: OnnxBody,
  context: AnyContext,
  { taps = [], shown = [] }: BuiltOutputs = {},
): StageModel {
  return context.newGraph((g) => {
    const inputs: Record<string, Value> = {};
    for (const [port, wires] of Object.entries(node.inputs)) {
      const given = body.runsBy === 'view' ? wires.map(oneViewOf) : wires;
      for (const { name, type, shape } of inputTensors(node.definition, port, given)) {
        inputs[name] = g.input(inputPrefix + name, type, shape);
      }
    }
    const facts = Object.entries(body.facts?.(context) ?? {}).map(([name, { size }]) => [
      name,
      g.input(factPrefix + name, 'int64', [size]),
    ]);
    const values = body.emit(g, inputs, context, Object.fromEntries(facts));
    for (const [name, value] of Object.entries(values)) {
      if (value) g.output(outputPrefix + name, value);
    }
    for (const name of taps) g.output(`tap.${name}`, g.tapped(name));
    outputShown(g, shown);
  });
}

/** The wire of one of its views. */
function oneViewOf(wire: WireType): WireType {
  if (!('views' in wire)) return wire;
  const { views: _, ...one } = wire;
  return one;
}

/**
 * Many views are run some at a time, so that memory holds the activations of these only; a processor gains nothing
 * from more at once.
 */
export const mostViewsAtOnce = 8;

/** How many views go into each run; pieces of one size, so that the last is not a rest. */
export function viewRuns(views: number): readonly number[] {
  const count = Math.max(1, Math.ceil(views / mostViewsAtOnce));
  const size = Math.ceil(views / count);
  return Array.from({ length: count }, (_, run) => Math.min(size, views - run * size));
}

/** How often a graph is expected to run in one pass. */
export function expectedRuns(node: CheckedNode, { runsBy = 'views' }: OnnxBody): number {
  const counts = Object.values(node.inputs)
    .flat()
    .map((wire) => ('views' in wire ? wire.views : undefined));
  const of = (count: ViewCount = oneView): number =>
    ({ view: count.views, item: itemsOf(count), views: viewRuns(count.views).length })[runsBy];
  return Math.max(1, ...counts.map(of));
}

/** What a run found at a port: how many views, and tokens in each (0 of pixels). */
export interface MeasuredCount {
  readonly views: number;
  readonly tokens: number;
}

/** Sizes of a graph's symbols in one of its runs: expected, or as measured where counts are given, by tensor. */
export function onnxDims(
  node: CheckedNode,
  body: OnnxBody,
  context: AnyContext,
  measured: Readonly<Record<string, MeasuredCount>>,
  shown: readonly string[] = [],
): DimBindings {
  const outputs = Object.fromEntries(
    Object.entries(node.outputs).map(([port, wire]) => [
      port,
      wire && withMeasured(wire, measured[port], body),
    ]),
  );
  const runs = Object.keys(measured).length > 0 ? 1 : expectedRuns(node, body);
  const dims: Record<string, number> = {};
  const bind = (name: string, wire: WireType | undefined): void => {
    if (!wire) return;
    if (wire.kind === 'tokens' || wire.kind === 'token-ids' || wire.kind === 'text-embeddings')
      dims[`${name}Count`] = wire.count.tokens;
  };
  const inputs: Record<string, WireType[]> = {};
  for (const [port, wires] of Object.entries(node.inputs)) {
    const several = node.definition?.inputs[port]?.several === true;
    for (const [index, wire] of wires.entries()) {
      const name = several ? `${port}.${index}` : port;
      const found = withMeasured(wire, measured[name], body);
      (inputs[port] ??= []).push(found);
      bind(name, found);
      if ('views' in found && found.views) dims[viewsSymbol] = found.views.views / runs;
    }
  }
  for (const [port, wire] of Object.entries(outputs)) bind(port, wire);
  const { definition } = node;
  const own = { ...context, inputs: wiresByPort({ definition, inputs }), outputs };
  return { ...dims, ...unseenDims(shown), ...body.dims?.(own) };
}

/** What one run found at a wire; where runs go by items, of one picture or clip. */
function withMeasured(
  wire: WireType,
  count: MeasuredCount | undefined,
  { runsBy }: OnnxBody,
): WireType {
  if (!count || !('views' in wire || 'count' in wire)) return wire;
  if (wire.kind === 'token-ids' || wire.kind === 'text-embeddings')
    return { ...wire, count: { ...wire.count, tokens: count.tokens } };
  const items = runsBy === 'item' && { items: 1 };
  const views = wire.views && { views: { ...wire.views, views: count.views, ...items } };
  if (wire.kind !== 'tokens') return { ...wire, ...views };
  return { ...wire, count: { ...wire.count, tokens: count.tokens }, ...views };
}
