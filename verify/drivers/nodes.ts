/** Cases of nodes that are ONNX graphs, alone or one behind the other. */
import type { JsonObject } from '#engine/contract/config-files.ts';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import { outputPrefix } from '#engine/plan/node-body.ts';
import type { Tensor } from '#host/sessions/sessions.ts';
import type { Driver } from './case-check.ts';
import type { NodesRow, TensorSource } from '../cases/case-row.ts';
import { compareTensors, type ComputedTensor } from '../cases/comparison.ts';
import { asWholeModel, setNode, type SetNode } from './node-params.ts';
import type { RecordedCase, RecordedTensor } from '../cases/recorded-case.ts';
import { runChain, type ChainResult } from './run-chain.ts';
import type { Workbench } from '../workbench.ts';

export const nodesDriver: Driver<NodesRow & { readonly figuresOf?: string }> = async (
  row,
  recorded,
  workbench,
) => {
  const { config, outputs, atol } = recorded;
  const files = row.figuresOf === undefined ? recorded.files : asWholeModel(row.figuresOf, config);
  const nodes: SetNode[] = [];
  for (const setting of row.nodes) {
    const node = setNode(setting, recorded, files);
    if (typeof node === 'string') return { unsupported: node };
    nodes.push(node);
  }
  const wanted = [...outputs.keys()].flatMap((name) => {
    const source = Object.hasOwn(row.outputs, name) ? row.outputs[name] : undefined;
    return source ? [{ name, source }] : [];
  });
  const computed = new Map<string, ComputedTensor>();
  // What stands for the same parameters comes from one graph.
  const paramsOf = ({ source }: Wanted): string => JSON.stringify(source.params ?? {});
  for (const params of new Set(wanted.map(paramsOf))) {
    const variant = withLastParams(nodes, JSON.parse(params) as JsonObject);
    const group = wanted.filter((each) => paramsOf(each) === params);
    const results = await runBatch(row, variant, recorded, group, workbench);
    if (!results.ok) return isRefusal(results) ? { unsupported: sentences(results) } : results;
    for (const [name, tensor] of results.value) computed.set(name, tensor);
  }
  return ok(
    [...computed].map(([name, tensor]) =>
      compareTensors(name, tensor, outputs.get(name) as RecordedTensor, atol),
    ),
  );
};

interface Wanted {
  readonly name: string;
  readonly source: TensorSource;
}

function withLastParams(nodes: readonly SetNode[], params: JsonObject): readonly SetNode[] {
  return nodes.map((node, index) =>
    index + 1 < nodes.length ? node : { ...node, params: { ...node.params, ...params } },
  );
}

/** A node that cannot be given these inputs says so by itself. */
const isRefusal = (outcome: Extract<Outcome<unknown>, { ok: false }>): boolean =>
  outcome.problems.some(({ code }) =>
    ['arrangement-unsupported', 'dimension-mismatch'].includes(code),
  );

const sentences = ({ problems }: Extract<Outcome<unknown>, { ok: false }>): string =>
  problems.map(({ message }) => message).join(' ');

/** One run for each picture of the batch; what comes of them is put together again along the first dimension. */
async function runBatch(
  row: NodesRow,
  nodes: readonly SetNode[],
  recorded: RecordedCase,
  wanted: readonly Wanted[],
  workbench: Workbench,
): Promise<Outcome<ReadonlyMap<string, ComputedTensor>>> {
  const [first] = recorded.inputs.values();
  const batch = first?.shape[0] ?? 1;
  const taps = [...new Set(wanted.flatMap(({ source }) => source.tap ?? []))];
  const pieces = new Map<string, ComputedTensor[]>(wanted.map(({ name }) => [name, []]));
  for (let place = 0; place < batch; place++) {
    const given = Object.entries(row.inputs).map(([name, tensor]) => ({
      tensor,
      value: pictureOf(recorded.inputs.get(name) as RecordedTensor, place),
    }));
    const outputs = await runChain(nodes, given, row.prefixTokens ?? 0, taps, workbench);
    if (!outputs.ok) return outputs;
    for (const { name, source } of wanted)
      pieces.get(name)?.push(read(outputs.value, source, given[0]?.value.shape[1] ?? 0));
  }
  return ok(new Map([...pieces].map(([name, parts]) => [name, joined(parts)])));
}

function pictureOf({ shape, data }: RecordedTensor, place: number): ComputedTensor {
  const [batch = 1, ...rest] = shape;
  const size = data.length / batch;
  return { shape: [1, ...rest], data: data.slice(place * size, (place + 1) * size) };
}

function read(
  { tensors, wires }: ChainResult,
  { tap, port = 'tokens', read: reading }: TensorSource,
  inputCount: number,
): ComputedTensor {
  const { dims, data } = tensors[tap === undefined ? outputPrefix + port : `tap.${tap}`] as Tensor;
  const numbers = data instanceof Float32Array ? data : Array.from(data as BigInt64Array, Number);
  if (reading === 'count') return { shape: [1], data: [numbers.length] };
  if (reading === 'share')
    return { shape: [1], data: Float32Array.of(numbers.length / inputCount) };
  if (reading === undefined) return { shape: dims[0] === 1 ? dims : [1, ...dims], data: numbers };
  const wire = wires[port];
  const grid = wire?.kind === 'tokens' ? wire.grid : null;
  return { shape: [1, grid?.rows ?? 0, grid?.columns ?? 0, dims.at(-1) ?? 0], data: numbers };
}

/** [1, ...] each → [B, ...] */
function joined(parts: readonly ComputedTensor[]): ComputedTensor {
  const [, ...rest] = parts[0]?.shape ?? [];
  const numbers = parts.flatMap(({ data }) => Array.from(data));
  const isFloat = parts[0]?.data instanceof Float32Array;
  return {
    shape: [parts.length, ...rest],
    data: isFloat ? Float32Array.from(numbers) : numbers,
  };
}
