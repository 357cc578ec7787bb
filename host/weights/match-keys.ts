/** Finds the tensors of a node in a checkpoint, and says what is missing, mis-shaped or left over. */
import type { Outcome } from '#engine/contract/outcome.ts';
import { fail, ok } from '#engine/contract/outcome.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import {
  rowRun,
  tensorsOf,
  type KeyLayout,
  type RowRun,
  type WeightExpression,
} from '#engine/onnx/weight.ts';
import type { Checkpoint } from './checkpoint.ts';
import { misfitProblems, type Misfit } from './misfits.ts';
import type { ScatteredRows } from './scattered-rows.ts';
import type { TensorEntry } from './safetensors.ts';
import { readableTypes } from './tensor-reader.ts';

type NamedTensor = Extract<WeightExpression, { kind: 'tensor' }>;

export interface KeyMatch {
  readonly layout: KeyLayout;
  /** By the node's own tensor names. */
  readonly entries: ReadonlyMap<string, MatchedTensor>;
}

/** A stored tensor, and how the node's rows lie in it where they are no run. */
export interface MatchedTensor extends TensorEntry {
  readonly scattered?: ScatteredRows;
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

/** Every needed tensor's entry under the layout that finds the most, or what is wrong, one problem a cause. */
export function matchKeys(
  needed: readonly NamedTensor[],
  layouts: readonly KeyLayout[],
  checkpoint: Checkpoint,
): Outcome<KeyMatch> {
  const layout = bestLayout(needed, layouts, checkpoint);
  const entries = new Map<string, MatchedTensor>();
  const misfits: Misfit[] = [];
  for (const { name, shape } of needed) {
    const key = layout.key(name);
    const cut = layout.cut?.(name) ?? null;
    const run = cut && rowRun(cut, shape[0] ?? 1);
    const stored = storedShape(run, shape);
    const found = checkpoint.tensors.get(key);
    const entry = found && run ? asRows(found, stored.length) : found;
    const misfit = misfitOf(key, entry, stored);
    if (misfit) misfits.push(misfit);
    else if (entry) entries.set(name, run ? rowsOf(entry, run, shape) : { ...entry, shape });
  }
  if (misfits.length > 0) return fail(...misfitProblems(misfits, needed.length, checkpoint));
  return ok({ layout, entries });
}

function storedShape(run: RowRun | null, shape: readonly number[]): readonly number[] {
  if (!run) return shape;
  const whole = [run.of, ...shape.slice(1)];
  return run.turned === true ? whole.toReversed() : whole;
}

/** Matrices that lie in one tensor [experts, rows, columns] as the rows of all. */
function asRows(entry: TensorEntry, rank: number): TensorEntry {
  const joined = entry.shape.length - rank + 1;
  if (joined < 2) return entry;
  const rows = entry.shape.slice(0, joined).reduce((product, size) => product * size, 1);
  return { ...entry, shape: [rows, ...entry.shape.slice(joined)] };
}

/** The entry of the rows that are cut out, of the given shape. */
function rowsOf(entry: TensorEntry, run: RowRun, shape: readonly number[]): MatchedTensor {
  const { start, of, blocks = 1, turned = false } = run;
  if (turned || blocks > 1) return { ...entry, scattered: { shape, start, of, blocks, turned } };
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
  let [best, most] = [layouts[0] as KeyLayout, -1];
  for (const layout of layouts) {
    const hits = needed.filter(({ name }) => tensors.has(layout.key(name))).length;
    if (hits > most) [best, most] = [layout, hits];
    // No other finds more.
    if (most === needed.length) break;
  }
  return best;
}

/** Sizes of 1 change nothing of how numbers lie: a class token is [D] or [1, 1, D], a 1 × 1 kernel a matrix. */
const withoutOnes = (shape: readonly number[]): string => shape.filter((size) => size !== 1).join();

function misfitOf(
  key: string,
  entry: TensorEntry | undefined,
  shape: readonly number[],
): Misfit | null {
  if (!entry) return { kind: 'missing', key, shape };
  if (withoutOnes(entry.shape) !== withoutOnes(shape)) return { kind: 'shape', key, shape, entry };
  return readableTypes.has(entry.type) ? null : { kind: 'type', key, shape, entry };
}
