/** What a run of a graph cannot but move between memory and processor, read off the graph itself. */
import type { StageModel } from '../onnx/model.ts';
import { elementCount, sizeBytes, type DimBindings } from '../onnx/value.ts';
import { expressionShape, tensorsOf, type WeightEntry } from '../onnx/weight.ts';
import { withBranch } from './model-cost.ts';

/**
 * Bytes of one run: every weight once, what it is given and what it gives. Of experts only the share that its rows are
 * sent to counts, as the expectation goes, of a table that is looked up its rows. Tables that follow from numbers alone
 * are left out, as a token reads a row of them; what operators hand to each other is too, as it may stay in the
 * processor's caches.
 */
export function movedBytes(model: StageModel, dims: DimBindings): number {
  const shares = sharesRead(model, dims);
  const weights = sumOf(model.weights, (entry) =>
    isComputed(entry) ? 0 : sumOf(entry.initializers, sizeBytes) * shareOf(entry, shares),
  );
  const ends = [...model.inputs, ...model.outputs];
  return weights + sumOf(ends, (value) => sizeBytes(value, dims));
}

const isComputed = ({ expression }: WeightEntry): boolean =>
  [...tensorsOf(expression)].length === 0;

const shareOf = ({ initializers }: WeightEntry, shares: ReadonlyMap<string, number>): number =>
  Math.max(...initializers.map(({ name }) => shares.get(name) ?? 1));

const lookups: ReadonlySet<string> = new Set(['Gather', 'GatherBlockQuantized']);

/** By the name of an initializer, how much of it operators read: all, unless they work on less than a row. */
function sharesRead(model: StageModel, dims: DimBindings): ReadonlyMap<string, number> {
  const sizes = new Map(
    model.weights.flatMap(({ expression, initializers }) => {
      const size = elementCount(expressionShape(expression));
      return initializers.map(({ name }) => [name, size] as const);
    }),
  );
  const shares = new Map<string, number>();
  for (const { op, inputs, outputs } of model.nodes.flatMap(withBranch)) {
    const shape = outputs[0]?.shape ?? [];
    const rows = elementCount(shape.slice(0, -1), dims);
    for (const name of inputs) {
      const size = sizes.get(name);
      if (size === undefined) continue;
      const share = lookups.has(op) ? elementCount(shape, dims) / size : rows;
      shares.set(name, Math.max(shares.get(name) ?? 0, Math.min(1, share)));
    }
  }
  return shares;
}

const sumOf = <Item>(items: readonly Item[], bytesOf: (item: Item) => number): number =>
  items.reduce((sum, item) => sum + bytesOf(item), 0);
