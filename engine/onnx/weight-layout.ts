/** Where each initializer of a graph lies in its weights file. */
import type { StageModel } from './model.ts';
import { sizeBytes } from './value.ts';
import type { Initializer } from './weight.ts';

export interface WeightPlace {
  readonly offset: number;
  readonly length: number;
}

export interface WeightLayout {
  readonly places: ReadonlyMap<string, WeightPlace>;
  readonly totalBytes: number;
}

/** Whole memory pages, so that ONNX Runtime can map a tensor straight from the file. */
const alignment = 4096;

export function layoutWeights(model: StageModel): WeightLayout {
  const places = new Map<string, WeightPlace>();
  let end = 0;
  for (const initializer of initializersOf(model)) {
    const offset = Math.ceil(end / alignment) * alignment;
    const length = sizeBytes(initializer);
    places.set(initializer.name, { offset, length });
    end = offset + length;
  }
  return { places, totalBytes: end };
}

export function initializersOf(model: StageModel): readonly Initializer[] {
  return model.weights.flatMap(({ initializers }) => initializers);
}
