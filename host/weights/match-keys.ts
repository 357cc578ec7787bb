/** Finds the tensors of a node in a checkpoint, and says what is missing, mis-shaped or left over. */
import type { Outcome } from '#engine/contract/outcome.ts';
import { fail, ok } from '#engine/contract/outcome.ts';
import { error, type Problem } from '#engine/contract/problem.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import {
  tensorsOf,
  type KeyLayout,
  type RowCut,
  type WeightExpression,
} from '#engine/onnx/weight.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { TensorEntry } from './safetensors.ts';
import { readableTypes } from './tensor-reader.ts';

type NamedTensor = Extract<WeightExpression, { kind: 'tensor' }>;

/** More problems of a node than this are summed up in one line. */
const listedProblems = 8;

export interface KeyMatch {
  readonly layout: KeyLayout;
  /** By the node's own tensor names. */
  readonly entries: ReadonlyMap<string, TensorEntry>;
}

/** The tensors that the given graphs of one node need from one origin. */
export function neededTensors(
  models: readonly StageModel[],
  isOrigin: (model: StageModel, origin: number) => boolean,
) {
  const needed = new Map<string, NamedTensor>();
  for (const model of models) {
    for (const { expression } of model.weights) {
      for (const tensor of tensorsOf(expression)) {
        if (isOrigin(model, tensor.origin)) needed.set(tensor.name, tensor);
      }
    }
  }
  return [...needed.values()];
}

/** Every needed tensor's entry under the layout that finds the most, or a problem for each that is wrong. */
export function matchKeys(
  needed: readonly NamedTensor[],
  layouts: readonly KeyLayout[],
  checkpoint: Checkpoint,
): Outcome<KeyMatch> {
  const layout = bestLayout(needed, layouts, checkpoint);
  const entries = new Map<string, TensorEntry>();
  const problems: Problem[] = [];
  for (const { name, shape } of needed) {
    const key = layout.key(name);
    const cut = layout.cut?.(name) ?? null;
    const stored = cut ? [cut.of, ...shape.slice(1)] : shape;
    const entry = checkpoint.tensors.get(key);
    const problem = entry
      ? entryProblem(key, entry, stored)
      : missingProblem(key, stored, checkpoint);
    if (problem) problems.push(problem);
    else if (entry) entries.set(name, cut ? rowsOf(entry, cut, shape) : { ...entry, shape });
  }
  return problems.length > 0 ? fail(...summedUp(problems)) : ok({ layout, entries });
}

/** The entry of a run of rows, of the given shape. */
function rowsOf(entry: TensorEntry, { start, of }: RowCut, shape: readonly number[]): TensorEntry {
  const rowBytes = entry.length / of;
  const [rows = 0] = shape;
  return { ...entry, shape, offset: entry.offset + start * rowBytes, length: rows * rowBytes };
}

/** Tensors that belong to the node by name but that it does not use, less those used elsewhere. */
export function leftoverKeys(
  { layout, entries }: KeyMatch,
  checkpoint: Checkpoint,
  usedElsewhere: ReadonlySet<string>,
): readonly TensorEntry[] {
  const used = new Set([...entries.values()].map(({ name }) => name));
  return [...checkpoint.tensors.values()].filter(
    ({ name }) =>
      layout.owns(name) &&
      !used.has(name) &&
      !usedElsewhere.has(name) &&
      layout.ignores?.(name) !== true,
  );
}

function bestLayout(
  needed: readonly NamedTensor[],
  layouts: readonly KeyLayout[],
  { tensors }: Checkpoint,
): KeyLayout {
  const hits = (layout: KeyLayout) =>
    needed.filter(({ name }) => tensors.has(layout.key(name))).length;
  return layouts.reduce((best, layout) => (hits(layout) > hits(best) ? layout : best));
}

function missingProblem(key: string, shape: readonly number[], { folder }: Checkpoint): Problem {
  const message = `The checkpoint has no tensor "${key}" [${shape.join(', ')}]; choose the folder of a model with this architecture. Folder: ${folder}`;
  return error('tensor-missing', message, { param: 'weights' });
}

/** Sizes of 1 change nothing of how numbers lie: a class token is [D] or [1, 1, D], a 1 × 1 kernel a matrix. */
const withoutOnes = (shape: readonly number[]): string => shape.filter((size) => size !== 1).join();

function entryProblem(key: string, entry: TensorEntry, shape: readonly number[]): Problem | null {
  if (withoutOnes(entry.shape) !== withoutOnes(shape)) {
    const message = `The tensor "${key}" has shape [${entry.shape.join(', ')}], the node needs [${shape.join(', ')}]; choose the model or the parameters that belong to this checkpoint.`;
    return error('tensor-shape', message, { param: 'weights' });
  }
  if (!readableTypes.has(entry.type)) {
    const known = [...readableTypes].join(', ');
    const message = `The tensor "${key}" holds ${entry.type} numbers, only ${known} are read; choose a checkpoint in one of these.`;
    return error('tensor-type', message, { param: 'weights' });
  }
  return null;
}

function summedUp(problems: readonly Problem[]): readonly Problem[] {
  if (problems.length <= listedProblems) return problems;
  const rest = problems.length - listedProblems;
  const first = problems[0] as Problem;
  const message =
    rest === 1
      ? 'One more tensor of the checkpoint is missing or does not fit.'
      : `${rest} more tensors of the checkpoint are missing or do not fit.`;
  return [...problems.slice(0, listedProblems), error(first.code, message, { param: 'weights' })];
}
