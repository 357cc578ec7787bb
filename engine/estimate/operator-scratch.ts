/** What ONNX Runtime's kernels for a processor allocate while they run, beyond what they are given and give. Pure. */
import type { OnnxNode } from '../onnx/model.ts';
import { elementCount, type DimBindings, type Value } from '../onnx/value.ts';

const numberBytes = 4;

/** The inputs of an operator, by place; undefined where one is left out. */
type InputAt = (place: number) => Value | undefined;

interface Attending {
  readonly input: InputAt;
  readonly outputs: OnnxNode['outputs'];
  readonly heads: number;
  readonly dims: DimBindings;
}

/** Numbers that the kernels of an operator hold beside its inputs and outputs. */
type ScratchOf = (attending: Attending) => number;

const scratchOf: Readonly<Record<string, ScratchOf>> = {
  /**
   * Queries, keys and values are laid head behind head first. Where scores are added to or keys are hidden, those of
   * all heads are held at once, and what they mix until it is laid out by tokens; else they are worked off in blocks.
   */
  MultiHeadAttention({ input, heads, dims }) {
    const [query, key] = [input(0), input(1)];
    if (!query || !key) return 0;
    const copies = [query, key, input(2)].reduce((sum, each) => sum + numbersOf(each, dims), 0);
    if (!input(4) && !input(5)) return copies;
    const queries = numbersOf({ ...query, shape: query.shape.slice(0, 2) }, dims);
    const keys = numbersOf({ ...key, shape: key.shape.slice(1, 2) }, dims);
    return copies + numbersOf(query, dims) + heads * queries * keys;
  },
  /** As above; the scores reach over all cached tokens. */
  GroupQueryAttention({ input, outputs, heads, dims }) {
    const [query, key] = [input(0), input(1)];
    const [, held] = outputs;
    if (!query || !key || !held) return 0;
    const copies = numbersOf(query, dims) + 2 * numbersOf(key, dims);
    const fresh = numbersOf({ ...query, shape: query.shape.slice(0, 2) }, dims);
    return copies + heads * fresh * numbersOf({ ...held, shape: held.shape.slice(2, 3) }, dims);
  },
};

const numbersOf = (value: Value | undefined, dims: DimBindings): number =>
  value ? elementCount(value.shape, dims) : 0;

/** Bytes of one operator; `values` are those of its graph, by name. */
export function scratchBytes(
  { op, inputs, outputs, attributes }: OnnxNode,
  values: ReadonlyMap<string, Value>,
  dims: DimBindings,
): number {
  const known = attributes['num_heads'];
  const heads = known && 'int' in known ? known.int : 1;
  const input: InputAt = (place) => values.get(inputs[place] ?? '');
  return numberBytes * (scratchOf[op]?.({ input, outputs, heads, dims }) ?? 0);
}
