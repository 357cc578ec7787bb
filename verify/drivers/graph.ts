/** Cases of nodes that are ONNX graphs: one, a chain of them, or several wired together. */
import type { JsonObject } from '#engine/contract/config-files.ts';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import { outputPrefix } from '#engine/plan/node-body.ts';
import type { Tensor } from '#host/sessions/sessions.ts';
import type { Driver } from './case-check.ts';
import type {
  CaseRow,
  GraphRow,
  MaskedInput,
  NodesRow,
  TensorSource,
} from '../cases/rows/case-row.ts';
import { compareTensors, type ComputedTensor } from '../cases/comparison.ts';
import { asWholeModel, setNode, type SetNode } from './node-params.ts';
import type { RecordedCase, RecordedTensor } from '../cases/recorded-case.ts';
import { runGraph, type Given, type NodeResult, type SetGraph } from './run-graph.ts';
import type { Workbench } from '../workbench.ts';

export const graphDriver: Driver<GraphRow & Pick<CaseRow, 'figuresOf'>> = async (
  row,
  recorded,
  workbench,
) => {
  const { config, outputs, atol } = recorded;
  const files = row.figuresOf === undefined ? recorded.files : asWholeModel(row.figuresOf, config);
  const nodes: Record<string, SetNode> = {};
  for (const [id, setting] of Object.entries(row.nodes)) {
    const node = setNode(setting, recorded, files);
    if (typeof node === 'string') return { unsupported: node };
    nodes[id] = node;
  }
  const last = Object.keys(nodes).at(-1) as string;
  const wanted = [...outputs.keys()].flatMap((name): readonly Wanted[] => {
    const source = Object.hasOwn(row.outputs, name) ? row.outputs[name] : undefined;
    return source ? [{ name, source: { node: last, ...source } }] : [];
  });
  const computed = new Map<string, ComputedTensor>();
  // What stands for the same parameters comes from one graph.
  const paramsOf = ({ source: { node, params = {} } }: Wanted): string =>
    JSON.stringify(Object.keys(params).length > 0 ? { [node]: params } : {});
  for (const params of new Set(wanted.map(paramsOf))) {
    const changed = withParams(nodes, JSON.parse(params) as Readonly<Record<string, JsonObject>>);
    const group = wanted.filter((each) => paramsOf(each) === params);
    const graph = { nodes: changed, wires: row.wires };
    const results = await runBatch(row, graph, recorded, group, workbench);
    if (!results.ok) return isRefusal(results) ? { unsupported: sentences(results) } : results;
    for (const [name, tensor] of results.value) computed.set(name, tensor);
  }
  return ok(
    [...computed].map(([name, tensor]) =>
      compareTensors(name, tensor, outputs.get(name) as RecordedTensor, atol),
    ),
  );
};

/** Each takes at `tokens` what the one before gives there; what is given, the first takes. */
export function chainAsGraph<Row extends NodesRow>({ nodes, inputs, ...row }: Row) {
  return {
    ...row,
    kind: 'graph',
    nodes: Object.fromEntries(nodes.map((setting, index) => [`node${index}`, setting])),
    wires: nodes.slice(1).map((_, index) => `node${index}.tokens > node${index + 1}.tokens`),
    inputs: Object.fromEntries(
      Object.entries(inputs).map(([name, target]) => [
        name,
        typeof target === 'string'
          ? `node0.${target}`
          : { ...target, tensor: `node0.${target.tensor}` },
      ]),
    ),
  } as const;
}

interface Wanted {
  readonly name: string;
  readonly source: TensorSource & { readonly node: string };
}

function withParams(
  nodes: SetGraph['nodes'],
  changes: Readonly<Record<string, JsonObject>>,
): SetGraph['nodes'] {
  return Object.fromEntries(
    Object.entries(nodes).map(([id, node]) => [
      id,
      { ...node, params: { ...node.params, ...changes[id] } },
    ]),
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
  row: GraphRow,
  graph: SetGraph,
  recorded: RecordedCase,
  wanted: readonly Wanted[],
  workbench: Workbench,
): Promise<Outcome<ReadonlyMap<string, ComputedTensor>>> {
  const [first] = recorded.inputs.values();
  const batch = first?.shape[0] ?? 1;
  const taps: Record<string, string[]> = {};
  for (const { node, tap } of wanted.map(({ source }) => source))
    if (tap !== undefined && taps[node]?.includes(tap) !== true) (taps[node] ??= []).push(tap);
  const pieces = new Map<string, ComputedTensor[]>(wanted.map(({ name }) => [name, []]));
  for (let place = 0; place < batch; place++) {
    const given = Object.entries(row.inputs).map(([name, target]) =>
      givenFor(target, (of) => pictureOf(recorded.inputs.get(of) as RecordedTensor, place), name),
    );
    const setting = { given, prefixTokens: row.prefixTokens ?? 0, taps };
    const results = await runGraph(graph, setting, workbench);
    if (!results.ok) return results;
    const inputCount = given[0]?.value.shape[1] ?? 0;
    for (const { name, source } of wanted)
      pieces.get(name)?.push(read(results.value[source.node] as NodeResult, source, inputCount));
  }
  return ok(new Map([...pieces].map(([name, parts]) => [name, joined(parts)])));
}

function givenFor(
  target: string | MaskedInput,
  recorded: (name: string) => ComputedTensor,
  name: string,
): Given {
  const isWhole = typeof target === 'string';
  const [, node = '', tensor = ''] = /^([^.]+)\.(.+)$/.exec(isWhole ? target : target.tensor) ?? [];
  const value = recorded(name);
  if (isWhole) return { node, tensor, value };
  // What fills up a batch is not there at all for one picture by itself.
  const mask = recorded(target.keptBy).data;
  const data = Array.from(value.data).filter((_, place) => mask[place] !== 0);
  return { node, tensor, value: { shape: [1, data.length], data } };
}

function pictureOf({ shape, data }: RecordedTensor, place: number): ComputedTensor {
  const [batch = 1, ...rest] = shape;
  const size = data.length / batch;
  return { shape: [1, ...rest], data: data.slice(place * size, (place + 1) * size) };
}

function read(
  { tensors, wires }: NodeResult,
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
  const { rows = 0, columns = 0 } = grid ?? {};
  const channels = dims.at(-1) ?? 0;
  if (reading === 'grid') return { shape: [1, rows, columns, channels], data: numbers };
  const first = Array.from({ length: numbers.length }, (_, index) => {
    const [channel, place] = [Math.floor(index / (rows * columns)), index % (rows * columns)];
    return numbers[place * channels + channel] as number;
  });
  return { shape: [1, channels, rows, columns], data: Float32Array.from(first) };
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
