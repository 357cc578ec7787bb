/** A recurrence over the entries of sequences, where no fused operator has it. */
import { int, ints, type GraphBuilder } from './graph-builder.ts';
import type { Value } from './value.ts';

export interface Scanned {
  /** Handed on from step to step. */
  readonly states: readonly Value[];
  /** [length, ..]: each step is given one entry of each. */
  readonly slices: readonly Value[];
  /** From the last entry to the first. */
  readonly reversed?: boolean;
}

export interface ScanStep {
  /** Of the types and shapes that the step was given. */
  readonly states: readonly Value[];
  /** What the step adds to the results, at its own place. */
  readonly outputs: readonly Value[];
}

/**
 * The states after the last step, and what the steps gave [length, ..]. Operators of a step run one after the
 * other with some microseconds for each, so that a step wants large ones. Its arithmetic counts once an entry.
 *
 * What follows from constants or from fixed shapes alone is to be built before the step and read inside. ONNX Runtime
 * 1.30 computes it ahead of time, and a saved model with something so computed inside a Scan or an If does not load
 * again ("initializer name is not unique"). The builder refuses operators of constants in there; those of fixed shapes
 * only loading shows, which is why a bank of one frame is not offered.
 */
export function scan(
  g: GraphBuilder,
  { states, slices, reversed = false }: Scanned,
  step: (states: readonly Value[], entries: readonly Value[]) => ScanStep,
): ScanStep {
  const length = slices[0]?.shape[0];
  if (length === undefined || slices.some(({ shape }) => shape[0] !== length))
    throw new Error('A scan goes through sequences of one length.');
  const before = states.map(({ type, shape }) => g.given(type, shape));
  const entries = slices.map(({ type, shape }) => g.given(type, shape.slice(1)));
  const inner = g.inner('step', () => {
    const { states: after, outputs } = step(before, entries);
    for (const [index, { name, type, shape }] of states.entries())
      if (after[index]?.type !== type || after[index].shape.join() !== shape.join())
        throw new Error(`A step does not hand on "${name}" as it was given.`);
    return [...after, ...outputs];
  });
  g.count(inner.work.map((term) => ({ ...term, dims: [...term.dims, length] })));
  const outputs = inner.outputs
    .slice(states.length)
    .map(({ type, shape }) => ({ type, shape: [length, ...shape] }));
  const directions = (count: number) =>
    ints(Array.from({ length: count }, () => (reversed ? 1 : 0)));
  const { nodes, outputs: given } = inner;
  const results = g.ops('Scan', [...states, ...slices], [...states, ...outputs], {
    attributes: {
      body: { graph: { inputs: [...before, ...entries], nodes, outputs: given } },
      num_scan_inputs: int(slices.length),
      scan_input_directions: directions(slices.length),
      scan_output_directions: directions(outputs.length),
    },
  }) as readonly Value[];
  return { states: results.slice(0, states.length), outputs: results.slice(states.length) };
}
