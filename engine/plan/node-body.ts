/** From a checked node to what it does: its context, the parts plugged into it, its ONNX graph. */
import type { Json } from '../contract/document.ts';
import { ok, type Outcome } from '../contract/outcome.ts';
import type { CheckedGraph, CheckedNode } from '../graph/check.ts';
import type { AnyContext, AnyNodeDefinition, Demand, WireTypes } from '../graph/node-definition.ts';
import type { Part } from '../graph/part.ts';
import { blockFormat, type WeightParams } from '../graph/weight-params.ts';
import { portTensors, wireKinds, type WireType } from '../graph/wire.ts';
import { GraphBuilder, type WeightSetting } from '../onnx/graph-builder.ts';
import type { StageModel } from '../onnx/model.ts';
import type { DimBindings, Value } from '../onnx/value.ts';

/** Graphs name their inputs and outputs after ports, which may have the same name on both sides. */
export const inputPrefix = 'in.';
export const outputPrefix = 'out.';

/** Is something that plugs in wired to this port? */
export function isPart({ definition }: CheckedNode, port: string): boolean {
  const kind = definition?.inputs[port]?.kind;
  return kind !== undefined && wireKinds[kind].part;
}

/** Where a node's weights come from and their format; null for a node without weights. */
function weightSetting({ id, definition, params }: CheckedNode): WeightSetting | null {
  if (!definition?.keyLayouts) return null;
  const values = params as WeightParams & Readonly<Record<string, Json>>;
  const origin = { node: id, source: values.weights, layouts: definition.keyLayouts(values) };
  return { origin, blocks: blockFormat(values) };
}

export type OnnxBody = Extract<AnyNodeDefinition['body'], { kind: 'onnx' }>;

export function bodyContext({ nodes }: Pick<CheckedGraph, 'nodes'>, node: CheckedNode): AnyContext {
  const setting = weightSetting(node);
  return {
    params: node.params,
    inputs: node.inputs,
    outputs: node.outputs,
    wired: node.wired,
    parts: partsOf(nodes, node),
    newGraph(emit) {
      const g = new GraphBuilder();
      if (setting) g.weightsFrom(setting, () => emit(g));
      else emit(g);
      return g.finish();
    },
  };
}

function partsOf(nodes: CheckedGraph['nodes'], node: CheckedNode): AnyContext['parts'] {
  const parts: Record<string, Part> = {};
  for (const [port, { from }] of Object.entries(node.incoming)) {
    if (!isPart(node, port)) continue;
    const source = nodes[from.node] as CheckedNode;
    const body = source.definition?.body;
    if (body?.kind !== 'part') continue;
    const setting = weightSetting(source);
    const part = body.part({
      params: source.params,
      withWeights: (g, emit) => (setting ? g.weightsFrom(setting, emit) : emit()),
    });
    parts[part.kind] = part;
  }
  return parts;
}

export function buildModel(
  node: CheckedNode,
  body: OnnxBody,
  context: AnyContext,
  taps: readonly string[] = [],
): StageModel {
  return context.newGraph((g) => {
    const inputs: Record<string, Value> = {};
    for (const [port, wire] of Object.entries(node.inputs)) {
      for (const { name, type, shape } of wire ? portTensors(port, wire) : []) {
        inputs[name] = g.input(inputPrefix + name, type, shape);
      }
    }
    const values = body.emit(g, inputs, context);
    for (const [name, value] of Object.entries(values)) {
      if (value) g.output(outputPrefix + name, value);
    }
    for (const name of taps) g.output(`tap.${name}`, g.tapped(name));
  });
}

export function onnxDims(
  node: CheckedNode,
  body: OnnxBody,
  context: AnyContext,
  counts: Readonly<Record<string, number>>,
): DimBindings {
  const dims: Record<string, number> = {};
  const measured = (port: string, wire: WireType | undefined): WireType | undefined => {
    const tokens = counts[port];
    if (wire?.kind !== 'tokens' || tokens === undefined) return wire;
    return { ...wire, count: { ...wire.count, tokens } };
  };
  const outputs = Object.fromEntries(
    Object.entries(node.outputs).map(([port, wire]) => [port, measured(port, wire)]),
  );
  for (const [port, wire] of [...Object.entries(node.inputs), ...Object.entries(outputs)]) {
    if (wire?.kind === 'tokens') dims[`${port}Count`] = wire.count.tokens;
  }
  return { ...dims, ...body.dims?.({ ...context, outputs }) };
}

export interface SingleNode {
  readonly definition: AnyNodeDefinition;
  /** Those that differ from the defaults. */
  readonly params: Readonly<Record<string, Json>>;
  readonly inputs: WireTypes;
  readonly demands?: Readonly<Record<string, Demand>>;
  readonly wired?: readonly string[];
  /** Inner values wanted as outputs `tap.<name>`. */
  readonly taps?: readonly string[];
}

/** The graph of one node on its own, with the wires that leave it. */
export function buildSingleNode(
  single: SingleNode,
): Outcome<{ model: StageModel; outputs: WireTypes }> {
  const { definition, inputs, demands = {}, wired = [], taps = [] } = single;
  const declared = Object.entries(definition.params).map(([name, param]) => [name, param.default]);
  const params = { ...Object.fromEntries(declared), ...single.params };
  const inferred = definition.infer({ id: 'node', params, inputs, demands });
  if (!inferred.ok) return inferred;
  const { body, type, version } = definition;
  if (body.kind !== 'onnx') throw new Error(`"${type}" is no ONNX graph.`);
  const { outputs } = inferred.value;
  const node: CheckedNode = {
    id: 'node',
    node: { type, version, params },
    definition,
    params,
    incoming: {},
    inputs,
    outputs,
    demands,
    wired: new Set(wired),
  };
  const context = bodyContext({ nodes: { node } }, node);
  return ok({ model: buildModel(node, body, context, taps), outputs });
}
