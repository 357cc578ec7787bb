/** The matrix product that a graph spends most on. */
import type { OnnxNode, StageModel } from '#engine/onnx/model.ts';
import { bindDim, elementCount, type DimBindings, type Shape } from '#engine/onnx/value.ts';
import { initializersOf } from '#engine/onnx/weight-layout.ts';
import { productFlops, type ProductShape } from '#host/calibration/measured-graphs.ts';

/**
 * Of all products with a weight, the one with the most multiply-adds: what attention multiplies is no weight. A
 * convolution counts where its kernel is one place and it has no groups, as it is then the same product. Null for a
 * graph without any.
 */
export function dominantProduct(model: StageModel, dims: DimBindings): ProductShape | null {
  const weights = new Map(initializersOf(model).map(({ name, shape }) => [name, shape]));
  const products = model.nodes.flatMap((node) => productOf(node, weights, dims) ?? []);
  return products.reduce<ProductShape | null>(
    (most, product) => (most && productFlops(most) >= productFlops(product) ? most : product),
    null,
  );
}

/** Null for an operator that multiplies by no weight. */
export function productOf(
  { op, inputs, outputs: [output], attributes }: OnnxNode,
  weights: ReadonlyMap<string, readonly number[]>,
  dims: DimBindings,
): ProductShape | null {
  const weight = weights.get(inputs[1] ?? '');
  if (!weight || !output) return null;
  if (op === 'Conv') {
    const [outputs = 0, channels = 0, ...kernel] = weight;
    const groups = attributes['group'];
    const isWhole = groups === undefined || ('int' in groups && groups.int === 1);
    if (!isWhole || kernel.some((side) => side !== 1)) return null;
    return { places: elementCount(output.shape, dims) / outputs, inputs: channels, outputs };
  }
  if ((op !== 'MatMul' && op !== 'FusedMatMul') || weight.length !== 2) return null;
  const transposed = attributes['transB'];
  const rows = transposed && 'int' in transposed && transposed.int === 1 ? 1 : 0;
  return {
    places: placesOf(output.shape, dims),
    inputs: weight[rows] ?? 0,
    outputs: weight[1 - rows] ?? 0,
  };
}

const placesOf = (shape: Shape, dims: DimBindings): number =>
  shape.slice(0, -1).reduce<number>((product, dim) => product * bindDim(dim, dims), 1);
