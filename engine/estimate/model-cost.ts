/** What a graph costs, read off the graph itself, so that the estimate cannot disagree with what runs. */
import type { OnnxNode, StageModel } from '../onnx/model.ts';
import { bindDim, sizeBytes, type DimBindings, type Value } from '../onnx/value.ts';
import { initializersOf } from '../onnx/weight-layout.ts';
import { expressionShape, tensorsOf } from '../onnx/weight.ts';
import { branchesOf, valuesOf } from './graph-values.ts';
import { scratchBytes } from './operator-scratch.ts';

/**
 * Numbers learned in training; a tensor that several graphs or places share counts once. Models of other shapes may
 * have tensors of the same name, and random ones the same source.
 */
export function countParameters(models: readonly StageModel[]): number {
  const sizes = new Map<string, number>();
  for (const model of models) {
    for (const { expression } of model.weights) {
      for (const { name, shape, origin } of tensorsOf(expression)) {
        const source = JSON.stringify(model.origins[origin]?.source);
        const size = shape.reduce((product, each) => product * each, 1);
        sizes.set(`${source}/${name}/${shape.join()}`, size);
      }
    }
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

/**
 * Parameters that a row of the input does not go through: those of the experts that it is not sent to, which an operator
 * over less than a row tells, as the expectation goes. `dims` are those of a run over one row.
 */
export function countIdleParameters(model: StageModel, dims: DimBindings): number {
  const rows = new Map<string, number>();
  for (const { inputs, outputs } of model.nodes.flatMap(withBranch)) {
    const shape = outputs[0]?.shape.slice(0, -1) ?? [];
    const over = shape.reduce<number>((product, dim) => product * bindDim(dim, dims), 1);
    for (const name of inputs) rows.set(name, Math.max(over, rows.get(name) ?? 0));
  }
  return model.weights.reduce((sum, { expression, initializers }) => {
    const most = Math.max(...initializers.map(({ name }) => rows.get(name) ?? 1));
    const size = expressionShape(expression).reduce((product, each) => product * each, 1);
    return sum + size * (1 - Math.min(1, most));
  }, 0);
}

/** Would two graphs be loaded as one? Those of which nothing differs but the node that names their weights. */
export function isSameModel(one: StageModel, other: StageModel): boolean {
  if (one.nodes.length !== other.nodes.length || one.weights.length !== other.weights.length)
    return false;
  const written = ({ inputs, outputs, nodes, constants, weights, origins }: StageModel): string =>
    JSON.stringify([
      inputs,
      outputs,
      nodes,
      constants,
      weights,
      origins.map((each) => each.source),
    ]);
  return written(one) === written(other);
}

/** Bytes of all initializers as they are stored. */
export function weightBytes(model: StageModel): number {
  return initializersOf(model).reduce((sum, initializer) => sum + sizeBytes(initializer), 0);
}

/** Packed matrices lie between plain ones in one file, and reading a page of them maps its neighbours too. */
const mappedAlongShare = 0.05;

/**
 * Weights as ONNX Runtime holds them: of quantised ones also the sums, one for each scale, which its integer
 * kernels need, and what is mapped along with them.
 */
export function residentWeightBytes(model: StageModel): number {
  const added = model.weights.reduce((total, { form, initializers }) => {
    if (form.kind === 'float32') return total;
    const [codes, scales] = initializers.map((initializer) => sizeBytes(initializer));
    return total + (scales ?? 0) + Math.round((codes ?? 0) * mappedAlongShare);
  }, 0);
  return weightBytes(model) + added;
}

/** Floating-point operations of one run: two for every multiply-add of matrices, convolutions and attention. */
export function countFlops(model: StageModel, dims: DimBindings): number {
  return model.work.reduce((sum, term) => {
    const times = term.dims.reduce<number>((product, dim) => product * bindDim(dim, dims), 1);
    return sum + 2 * term.multiplyAdds * times;
  }, 0);
}

/** Operators whose output is another view of their first input. */
const aliasing: ReadonlySet<string> = new Set(['Reshape', 'Squeeze', 'Unsqueeze', 'Identity']);

/** The most bytes of activations alive at once when the operators run in order, with what each holds while it runs. */
export function peakActivationBytes(model: StageModel, dims: DimBindings): number {
  const nodes = model.nodes.flatMap(withBranch);
  const storage = new Map<string, string>();
  const storageOf = (name: string): string => storage.get(name) ?? name;
  const lastUse = new Map<string, number>();
  const copied = copiedOutputs(model);
  for (const [index, node] of nodes.entries()) {
    if (aliasing.has(node.op) && !copied.has(node.outputs[0]?.name ?? '')) {
      for (const output of node.outputs)
        if (output) storage.set(output.name, storageOf(node.inputs[0] ?? ''));
    }
    for (const name of node.inputs) lastUse.set(storageOf(name), index);
  }
  for (const { name } of model.outputs) lastUse.set(storageOf(name), nodes.length);

  /** What no operator reads any more after the one at this place, in bytes; what none reads at all goes at once. */
  const dying = new Map<number, number>();
  let alive = 0;
  const born = (value: Value, index: number): void => {
    if (storageOf(value.name) !== value.name) return;
    const bytes = sizeBytes(value, dims);
    const last = Math.max(index, lastUse.get(value.name) ?? index);
    dying.set(last, (dying.get(last) ?? 0) + bytes);
    alive += bytes;
  };
  for (const input of model.inputs) born(input, 0);
  let peak = 0;
  const values = valuesOf(model);
  for (const [index, node] of nodes.entries()) {
    for (const output of node.outputs) if (output) born(output, index);
    peak = Math.max(peak, alive + scratchBytes(node, values, dims));
    alive -= dying.get(index) ?? 0;
  }
  return peak;
}

/** What a graph gives out and is only another view of what an operator has made is copied into memory of its own. */
function copiedOutputs({ nodes, outputs }: StageModel): ReadonlySet<string> {
  const given = new Set(outputs.map(({ name }) => name));
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((value) => [value?.name, node])));
  const isCopied = ({ inputs: [from = ''], outputs: [value] }: OnnxNode): boolean => {
    const maker = makers.get(from);
    return given.has(value?.name ?? '') && maker !== undefined && aliasing.has(maker.op);
  };
  return new Set(nodes.filter(isCopied).flatMap((node) => node.outputs[0]?.name ?? []));
}

/**
 * A scan counts as one step, a choice as its first branch, which is the one for many tokens. What a graph inside
 * reads from around it is held until the operator is done.
 */
export function withBranch(node: OnnxNode): readonly OnnxNode[] {
  const branches = branchesOf(node).map(({ nodes }) => nodes.flatMap(withBranch));
  const [chosen] = branches;
  if (!chosen) return [node];
  const all = branches.flat();
  const inside = new Set(all.flatMap(({ outputs }) => outputs.map((output) => output?.name)));
  const captured = all.flatMap(({ inputs }) => inputs.filter((name) => !inside.has(name)));
  return [...chosen, { ...node, inputs: [...node.inputs, ...captured] }];
}
