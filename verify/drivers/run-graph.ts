/** Recorded inputs through nodes that are ONNX graphs, wired together. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import { sketchEdge } from '#engine/graph/sketch-document.ts';
import type { AnyNodeDefinition } from '#engine/node/any-node-definition.ts';
import type { WireTypes } from '#engine/node/node-definition.ts';
import { knownCount, type WireOf, type WireType } from '#engine/node/wire.ts';
import { inputPrefix, outputPrefix } from '#engine/plan/node-body.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32, int64, type Tensor, type TensorMap } from '#host/sessions/sessions.ts';
import type { ComputedTensor } from '../cases/comparison.ts';
import type { SetNode } from './node-params.ts';
import type { Workbench } from '../workbench.ts';

export interface SetGraph {
  /** By id, in the order in which they run. */
  readonly nodes: Readonly<Record<string, SetNode>>;
  /** As `encoder.tokens > projector.tokens`. */
  readonly wires: readonly string[];
}

/** A recorded tensor, as one of a port's: `port` or `port.part`. */
export interface Given {
  readonly node: string;
  readonly tensor: string;
  readonly value: ComputedTensor;
}

export interface NodeResult {
  /** Those of its ports by `out.NAME`, inner values by `tap.NAME`. */
  readonly tensors: TensorMap;
  readonly wires: WireTypes;
}

export interface GraphSetting {
  readonly given: readonly Given[];
  /** Tokens before those of the grid in what is given. */
  readonly prefixTokens: number;
  /** Inner values that are wanted, by node. */
  readonly taps: Readonly<Record<string, readonly string[]>>;
}

/** What all nodes give, by id. */
export async function runGraph(
  { nodes, wires }: SetGraph,
  { given, prefixTokens, taps }: GraphSetting,
  workbench: Workbench,
): Promise<Outcome<Readonly<Record<string, NodeResult>>>> {
  const results: Record<string, NodeResult> = {};
  for (const [id, { definition, params, parts }] of Object.entries(nodes)) {
    const gathered = new GatheredInputs(definition);
    for (const { node, tensor, value } of given)
      if (node === id) gathered.giveRecorded(tensor, value, prefixTokens);
    for (const { from, to } of wires.map(sketchEdge))
      if (to.node === id) gathered.wireTo(to.port, results[from.node], from.port);
    const { inputs, feeds } = gathered;
    const built = buildSingleNode({ definition, params, parts, inputs, taps: taps[id] ?? [] });
    if (!built.ok) return built;
    const ran = await workbench.run(built.value.model, feeds);
    if (!ran.ok) return ran;
    results[id] = { tensors: ran.value, wires: built.value.outputs };
  }
  return ok(results);
}

/** The wires that come to one node, and the tensors that they carry. */
class GatheredInputs {
  readonly feeds: Record<string, Tensor> = {};
  readonly #definition: AnyNodeDefinition;
  readonly #wires: Record<string, WireType[]> = {};

  constructor(definition: AnyNodeDefinition) {
    this.#definition = definition;
  }

  get inputs(): Readonly<Record<string, WireType | readonly WireType[]>> {
    return Object.fromEntries(
      Object.entries(this.#wires).map(([port, wires]) => [
        port,
        this.#takesSeveral(port) ? wires : (wires[0] as WireType),
      ]),
    );
  }

  /** A port of several tensors is given each of them. */
  giveRecorded(tensor: string, value: ComputedTensor, prefixTokens: number): void {
    const port = tensor.split('.')[0] as string;
    const wire = wireOf(this.#definition.inputs[port]?.kind, value, prefixTokens);
    this.#wires[port] = [wire];
    this.feeds[inputPrefix + tensor] = feedOf(value, wire);
  }

  wireTo(port: string, result: NodeResult | undefined, output: string): void {
    const wire = result?.wires[output];
    if (!wire) throw new Error(`Nothing comes to "${port}" of "${this.#definition.type}".`);
    const wires = (this.#wires[port] ??= []);
    const name = this.#takesSeveral(port) ? `${port}.${wires.length}` : port;
    const first = outputPrefix + output;
    for (const [full, tensor] of Object.entries(result.tensors)) {
      const rest = full.slice(first.length);
      if (full === first || (full.startsWith(first) && rest.startsWith('.')))
        this.feeds[inputPrefix + name + rest] = tensor;
    }
    const count = knownCount(result.tensors[first]?.dims[1] ?? 0);
    wires.push(wire.kind === 'tokens' ? { ...wire, count } : wire);
  }

  #takesSeveral(port: string): boolean {
    return this.#definition.inputs[port]?.several === true;
  }
}

function wireOf(
  kind: WireType['kind'] | undefined,
  { shape }: ComputedTensor,
  prefixTokens: number,
): WireType {
  const channels = shape.at(-1) ?? 0;
  if (kind === 'pixels') return { kind, height: shape[2] ?? 0, width: shape[3] ?? 0 };
  if (kind === 'query-key') return { kind, count: shape[1] ?? 0, channels };
  if (kind === 'token-ids') return { kind, count: knownCount(shape[1] ?? 0) };
  if (kind === 'tokens') return tokensWire(shape, channels, prefixTokens);
  throw new Error(`A recorded tensor cannot be a wire of kind ${kind}.`);
}

/** [1, rows, columns, D] says its grid; [views, N, D] lies on a square one, if on any. */
function tokensWire(
  shape: readonly number[],
  channels: number,
  prefixTokens: number,
): WireOf<'tokens'> {
  const [views = 1, first = 0, second = 0] = shape;
  const isGrid = shape.length === 4;
  const count = isGrid ? first * second : first;
  const side = Math.sqrt(count - prefixTokens);
  const square = Number.isInteger(side) ? { rows: side, columns: side } : null;
  const grid = isGrid ? { rows: first, columns: second } : square;
  // Several are those of one picture or clip.
  const several = views > 1 && { views: { known: true, views, most: views, items: 1 } };
  return { kind: 'tokens', ...several, count: knownCount(count), channels, prefixTokens, grid };
}

/** Tokens are [views, N, D] also where they are recorded as a grid; all else is as it is. */
function feedOf({ shape, data }: ComputedTensor, wire: WireType): Tensor {
  if (wire.kind === 'token-ids') return int64(Array.from(data), shape);
  const [views = 1] = shape;
  const dims = wire.kind === 'tokens' ? [views, wire.count.tokens, wire.channels] : shape;
  return float32(Float32Array.from(data), dims);
}
