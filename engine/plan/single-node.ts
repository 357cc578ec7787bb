/** One node on its own, with what is plugged into it: for tests and recorded cases. */
import type { Edge, Json } from '../contract/document.ts';
import { ok, type Outcome } from '../contract/outcome.ts';
import { wiresByPort, type CheckedNode } from '../graph/check.ts';
import type { AnyNodeDefinition } from '../node/any-node-definition.ts';
import type { Demand, RunsBy, ViewFacts, WiresByPort, WireTypes } from '../node/node-definition.ts';
import type { StageModel } from '../onnx/model.ts';
import { bodyContext, buildModel } from './node-body.ts';

export interface PluggedIn {
  readonly definition: AnyNodeDefinition;
  /** Those that differ from the defaults. */
  readonly params: Readonly<Record<string, Json>>;
}

export interface SingleNode extends PluggedIn {
  /** A list where a port takes several wires. */
  readonly inputs: WiresByPort;
  /** What is plugged in, by port and in order. */
  readonly parts?: Readonly<Record<string, readonly PluggedIn[]>>;
  readonly demands?: Readonly<Record<string, Demand>>;
  readonly wired?: readonly string[];
  /** Inner values wanted as outputs `tap.<name>`. */
  readonly taps?: readonly string[];
}

export interface BuiltNode {
  readonly model: StageModel;
  readonly outputs: WireTypes;
  readonly runsBy: RunsBy;
  readonly facts: ViewFacts;
}

/** The graph of one node on its own, with the wires that leave it. */
export function buildSingleNode(single: SingleNode): Outcome<BuiltNode> {
  const { definition, params, demands = {}, taps = [] } = single;
  const wired = new Set(single.wired);
  const { body, type } = definition;
  if (body.kind !== 'onnx') throw new Error(`"${type}" is no ONNX graph.`);
  const nodes: Record<string, CheckedNode> = {};
  const incoming: Record<string, Edge[]> = {};
  const inputs = Object.fromEntries(
    Object.entries(single.inputs).map(([port, wires]) => [
      port,
      wires === undefined ? [] : [wires].flat(),
    ]),
  );
  for (const [port, parts] of Object.entries(single.parts ?? {})) {
    for (const [index, part] of parts.entries()) {
      const id = `${port}.${index}`;
      const alone = { inputs: {}, demands: {}, incoming: {}, wired: new Set<string>() };
      const checked = checkSingle({ id, ...part, ...alone });
      if (!checked.ok) return checked;
      nodes[id] = checked.value;
      for (const [output, wire] of Object.entries(checked.value.outputs)) {
        const edge = { from: { node: id, port: output }, to: { node: 'node', port } };
        incoming[port] = [...(incoming[port] ?? []), edge];
        if (wire) inputs[port] = [...(inputs[port] ?? []), wire];
      }
    }
  }
  const checked = checkSingle({ id: 'node', definition, params, inputs, demands, incoming, wired });
  if (!checked.ok) return checked;
  const node = checked.value;
  const context = bodyContext({ nodes: { ...nodes, node } }, node);
  return ok({
    model: buildModel(node, body, context, { taps }),
    outputs: node.outputs,
    runsBy: body.runsBy ?? 'views',
    facts: body.facts?.(context) ?? {},
  });
}

function checkSingle(
  of: PluggedIn & Pick<CheckedNode, 'id' | 'inputs' | 'demands' | 'incoming' | 'wired'>,
): Outcome<CheckedNode> {
  const { id, definition, inputs, demands, wired } = of;
  const declared = Object.entries(definition.params).map(([name, param]) => [name, param.default]);
  const params = { ...Object.fromEntries(declared), ...of.params };
  const wires = wiresByPort({ definition, inputs });
  const inferred = definition.infer({ id, params, inputs: wires, demands, wired });
  if (!inferred.ok) return inferred;
  const { outputs, found } = inferred.value;
  const node = { type: definition.type, version: definition.version, params };
  return ok({ ...of, node, params, outputs, found });
}
