/** Tensors that do not fit, in few words: one cause, another model or numbers that are not read, is one problem. */
import { error, warning, type Problem } from '#engine/contract/problem.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { TensorEntry } from './safetensors.ts';
import { readableTypes } from './tensor-reader.ts';

/** A tensor that a node needs, `entry` what the checkpoint has in its place. */
export type Misfit = { readonly key: string; readonly shape: readonly number[] } & (
  { readonly kind: 'missing' } | { readonly kind: 'shape' | 'type'; readonly entry: TensorEntry }
);

/** So many tensors say which model it is; the others only say it again. */
const namedTensors = 3;

const chooseFolder = (folder: string): string =>
  `choose the folder of a model with this architecture. Folder: ${folder}`;
const readable = [...readableTypes].join(', ');
const chooseModel = 'choose the model or the parameters that belong to this checkpoint.';
const chooseTypes = 'choose a checkpoint in one of these.';

/** `neededCount` is how many tensors the node needs in all. */
export function misfitProblems(
  misfits: readonly Misfit[],
  neededCount: number,
  { folder }: Checkpoint,
): readonly Problem[] {
  const unread = misfits.filter(({ kind }) => kind === 'type');
  const foreign = misfits.filter(({ kind }) => kind !== 'type');
  return [foreign, unread].flatMap((cause) => {
    const [first] = cause;
    if (!first) return [];
    const message =
      cause.length === 1 ? oneMisfit(first, folder) : severalMisfits(cause, neededCount, folder);
    return error(`tensor-${first.kind}`, message, { param: 'weights' });
  });
}

/** Tensors that a checkpoint has for a node and that the node does not use. */
export function leftoverProblem(
  leftovers: readonly Pick<TensorEntry, 'name' | 'shape'>[],
  title: string,
  node: string,
): Problem {
  const names = listed(leftovers.map(({ name, shape }) => named(name, shape)));
  const what =
    leftovers.length === 1
      ? `${names}, which ${title} does not use`
      : `${leftovers.length} tensors that ${title} does not use: ${names}`;
  const message = `The checkpoint holds ${what}; the model may be another than the one chosen.`;
  return warning('tensor-extra', message, { node, param: 'weights' });
}

function oneMisfit(misfit: Misfit, folder: string): string {
  const { key, shape } = misfit;
  switch (misfit.kind) {
    case 'missing':
      return `The checkpoint has no tensor ${named(key, shape)}; ${chooseFolder(folder)}`;
    case 'shape':
      return `The tensor "${key}" has shape ${sizes(misfit.entry.shape)}, the node needs ${sizes(shape)}; ${chooseModel}`;
    case 'type':
      return `The tensor "${key}" holds ${misfit.entry.type} numbers, only ${readable} are read; ${chooseTypes}`;
  }
}

function severalMisfits(misfits: readonly Misfit[], neededCount: number, folder: string): string {
  const kinds = new Set(misfits.map(({ kind }) => kind));
  const count =
    misfits.length === neededCount
      ? `All ${neededCount}`
      : `${misfits.length} of the ${neededCount}`;
  const [what, advice] = kinds.has('type')
    ? [`hold numbers that are not read, only ${readable} are`, chooseTypes]
    : !kinds.has('shape')
      ? ['are missing from the checkpoint', chooseFolder(folder)]
      : kinds.has('missing')
        ? ['are missing from the checkpoint or have another shape there', chooseModel]
        : ['have another shape in the checkpoint', chooseModel];
  const items = misfits.map((misfit) => {
    const { key, shape } = misfit;
    if (misfit.kind === 'type') return `"${key}" (${misfit.entry.type})`;
    if (misfit.kind === 'shape') return `"${key}" ${sizes(misfit.entry.shape)} for ${sizes(shape)}`;
    return kinds.size > 1 ? `no ${named(key, shape)}` : named(key, shape);
  });
  return `${count} tensors that the node needs ${what}: ${listed(items)}; ${advice}`;
}

function listed(items: readonly string[]): string {
  const rest = items.length - namedTensors;
  const first = items.slice(0, namedTensors).join(', ');
  return rest > 0 ? `${first} and ${rest} more` : first;
}

const sizes = (shape: readonly number[]): string => `[${shape.join(', ')}]`;
const named = (key: string, shape: readonly number[]): string => `"${key}" ${sizes(shape)}`;
