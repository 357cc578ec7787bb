/** The operators that one call of a graph starts, with the sizes of what each is given and gives. Pure. */
import { decoderInput } from '../node/decoder-protocol.ts';
import type { OnnxNode, StageModel } from '../onnx/model.ts';
import { bindDim, type DimBindings } from '../onnx/value.ts';
import { branchesOf, valuesOf } from './graph-values.ts';
import { unseenInput } from '../plan/shown-outputs.ts';
import type { OperatorSizes, Sizes } from './operator-flops.ts';

export interface StartedOperator {
  readonly name: string;
  /** Kind as ONNX Runtime runs it, and sizes; expected ones may be parts of a row. */
  readonly sizes: OperatorSizes;
  /** How often: more than once inside of a scan. */
  readonly times: number;
}

export interface GraphCall {
  readonly model: StageModel;
  /** Of all symbols, the room for cached tokens among them. */
  readonly dims: DimBindings;
  /** Does it take what is meant for many tokens, where a graph has it both ways? */
  readonly takesMany: boolean;
}

/** What has its way chosen by something else than the number of tokens goes the first. */
const chosenOtherwise: ReadonlySet<string> = new Set([decoderInput.throughout, unseenInput]);

export function startedOperators({
  model,
  dims,
  takesMany,
}: GraphCall): readonly StartedOperator[] {
  const values = valuesOf(model);
  const sizesOf = (name: string): Sizes | null => {
    const value = values.get(name);
    return value ? value.shape.map((dim) => bindDim(dim, dims)) : null;
  };
  const isFolded = foldedValues(model);
  const merged = mergedOperators(model.nodes);
  const started: StartedOperator[] = [];
  const start = (nodes: readonly OnnxNode[], times: number): void => {
    for (const node of nodes) {
      if (merged.has(node) || isFolded.has(node.outputs[0]?.name ?? '')) continue;
      const branches = branchesOf(node);
      started.push({ name: node.name, times, sizes: sizes(node, branches.length > 0) });
      if (node.op === 'Scan') start(branches[0]?.nodes ?? [], times * scannedLength(node, sizesOf));
      if (node.op === 'If') {
        const goesFirst = takesMany || chosenOtherwise.has(node.inputs[0] ?? '');
        start((goesFirst ? branches[0] : branches.at(-1))?.nodes ?? [], times);
      }
    }
  };
  const sizes = (node: OnnxNode, hasBranches: boolean): OperatorSizes => ({
    kind: kindOf(node),
    // What it hands to its branches is theirs.
    inputs: hasBranches ? [] : node.inputs.flatMap((name) => (name ? [sizesOf(name) ?? []] : [])),
    outputs: hasBranches
      ? []
      : node.outputs.flatMap((value) =>
          value ? [value.shape.map((dim) => bindDim(dim, dims))] : [],
        ),
  });
  start(model.nodes, 1);
  return started;
}

/** ONNX Runtime has an operator of its own for the approximation of GELU. */
function kindOf({ op, attributes }: OnnxNode): string {
  const { approximate } = attributes;
  const isRough = approximate && 'text' in approximate && approximate.text === 'tanh';
  return isRough ? 'FastGelu' : op;
}

function scannedLength(
  { inputs, attributes }: OnnxNode,
  sizesOf: (name: string) => Sizes | null,
): number {
  const count = attributes['num_scan_inputs'];
  const slices = count && 'int' in count ? inputs.slice(-count.int) : [];
  return sizesOf(slices[0] ?? '')?.[0] ?? 1;
}

/** What follows from constants and weights alone is worked out when a graph is prepared. */
function foldedValues({ constants, weights, nodes }: StageModel): ReadonlySet<string> {
  const known = new Set([
    ...constants.map(({ value }) => value.name),
    ...weights.flatMap(({ initializers }) => initializers.map(({ name }) => name)),
  ]);
  for (const { inputs, outputs } of nodes) {
    if (inputs.length === 0 || !inputs.every((name) => name === '' || known.has(name))) continue;
    for (const output of outputs) if (output) known.add(output.name);
  }
  return known;
}

/** Before what ONNX Runtime takes an operator's only result into the next, by the kinds of both. */
const mergedBefore: Readonly<Record<string, readonly string[]>> = { Add: ['Gelu'] };
const mergedBehind: Readonly<Record<string, readonly string[]>> = {
  Conv: ['Relu', 'Sigmoid', 'Tanh', 'LeakyRelu', 'Clip', 'HardSigmoid'],
};

/** Operators that are part of a neighbour once a graph is prepared: a bias before an activation, one behind a convolution. */
function mergedOperators(nodes: readonly OnnxNode[]): ReadonlySet<OnnxNode> {
  const readers = new Map<string, OnnxNode[]>();
  for (const node of nodes)
    for (const name of node.inputs) readers.set(name, [...(readers.get(name) ?? []), node]);
  const merged = new Set<OnnxNode>();
  for (const node of nodes) {
    const [reader, other] = readers.get(node.outputs[0]?.name ?? '') ?? [];
    if (!reader || other) continue;
    if (mergedBefore[node.op]?.includes(reader.op) === true) merged.add(node);
    if (mergedBehind[node.op]?.includes(reader.op) === true) merged.add(reader);
  }
  return merged;
}
