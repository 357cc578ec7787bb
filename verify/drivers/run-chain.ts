/** Recorded inputs through nodes that are ONNX graphs, one behind the other. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { WireTypes } from '#engine/node/node-definition.ts';
import { knownCount, type WireOf, type WireType } from '#engine/node/wire.ts';
import { buildSingleNode, inputPrefix, outputPrefix } from '#engine/plan/node-body.ts';
import { float32, type Tensor, type TensorMap } from '#host/sessions/sessions.ts';
import type { ComputedTensor } from '../cases/comparison.ts';
import type { SetNode } from './node-params.ts';
import type { Workbench } from '../workbench.ts';

export interface Given {
  readonly tensor: string;
  readonly value: ComputedTensor;
}

export interface ChainResult {
  /** The last node's: those of its ports by `out.NAME`, inner values by `tap.NAME`. */
  readonly tensors: TensorMap;
  readonly wires: WireTypes;
}

/** Each node takes at `tokens` what the one before gives there; `taps` are inner values of the last. */
export async function runChain(
  nodes: readonly SetNode[],
  given: readonly Given[],
  prefixTokens: number,
  taps: readonly string[],
  workbench: Workbench,
): Promise<Outcome<ChainResult>> {
  const declared = nodes[0]?.definition.inputs ?? {};
  const wired = given.map(({ tensor, value }) => {
    const port = tensor.split('.')[0] as string;
    return { tensor, value, port, wire: wireOf(declared[port]?.kind, value, prefixTokens) };
  });
  let inputs: WireTypes = Object.fromEntries(wired.map(({ port, wire }) => [port, wire]));
  let feeds: TensorMap = Object.fromEntries(
    wired.map(({ tensor, value, wire }) => [inputPrefix + tensor, feedOf(value, wire)]),
  );
  let result: ChainResult = { tensors: {}, wires: {} };
  for (const [index, { definition, params }] of nodes.entries()) {
    const isLast = index + 1 === nodes.length;
    const built = buildSingleNode({ definition, params, inputs, taps: isLast ? taps : [] });
    if (!built.ok) return built;
    const ran = await workbench.run(built.value.model, feeds);
    if (!ran.ok) return ran;
    result = { tensors: ran.value, wires: built.value.outputs };
    const tokens = result.tensors[`${outputPrefix}tokens`];
    const wire = result.wires['tokens'];
    if (isLast || !tokens || wire?.kind !== 'tokens') continue;
    inputs = { tokens: { ...wire, count: knownCount(tokens.dims[1] ?? 0) } };
    feeds = { [`${inputPrefix}tokens`]: tokens };
  }
  return ok(result);
}

function wireOf(
  kind: WireType['kind'] | undefined,
  { shape }: ComputedTensor,
  prefixTokens: number,
): WireType {
  const channels = shape.at(-1) ?? 0;
  if (kind === 'pixels') return { kind, height: shape[2] ?? 0, width: shape[3] ?? 0 };
  if (kind === 'query-key') return { kind, count: shape[1] ?? 0, channels };
  if (kind === 'tokens') return tokensWire(shape, channels, prefixTokens);
  throw new Error(`A recorded tensor cannot be a wire of kind ${kind}.`);
}

/** [1, rows, columns, D] says its grid; [1, N, D] lies on a square one, if on any. */
function tokensWire(
  shape: readonly number[],
  channels: number,
  prefixTokens: number,
): WireOf<'tokens'> {
  const [, first = 0, second = 0] = shape;
  const isGrid = shape.length === 4;
  const count = isGrid ? first * second : first;
  const side = Math.sqrt(count - prefixTokens);
  const square = Number.isInteger(side) ? { rows: side, columns: side } : null;
  const grid = isGrid ? { rows: first, columns: second } : square;
  return { kind: 'tokens', count: knownCount(count), channels, prefixTokens, grid };
}

/** Tokens are [1, N, D] also where they are recorded as a grid; all else is as it is. */
function feedOf({ shape, data }: ComputedTensor, wire: WireType): Tensor {
  const dims = wire.kind === 'tokens' ? [1, wire.count.tokens, wire.channels] : shape;
  return float32(Float32Array.from(data), dims);
}
