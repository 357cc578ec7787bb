/** The matrix product that a graph spends most on, and that product alone as a graph. */
import type { OnnxNode, StageModel } from '#engine/onnx/model.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { matmul } from '#engine/onnx/operators.ts';
import { slice } from '#engine/onnx/shape-operators.ts';
import { bindDim, elementCount, type DimBindings, type Shape } from '#engine/onnx/value.ts';
import { initializersOf } from '#engine/onnx/weight-layout.ts';

/** [places, inputs] × [inputs, outputs] */
export interface ProductShape {
  readonly places: number;
  readonly inputs: number;
  readonly outputs: number;
}

export const productFlops = ({ places, inputs, outputs }: ProductShape): number =>
  2 * places * inputs * outputs;

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

function productOf(
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

/**
 * A graph of nothing but the product, with a random matrix on the right, as weights are. One row of it is given out:
 * all of it would be written to new memory in every run, which takes longer than some products.
 */
export function productModel({ places, inputs, outputs }: ProductShape): StageModel {
  const g = new GraphBuilder();
  const left = g.input('left', 'float32', [places, inputs]);
  const source = { kind: 'random', seed: 0 } as const;
  const setting = { origin: { node: 'product', source, layouts: [] }, blocks: null };
  g.weightsFrom(setting, () => {
    const right = g.weight(g.tensor('right', [inputs, outputs], 'matrix'));
    const product = matmul(g, left, right); // [places, outputs]
    g.output('row', slice(g, product, 0, g.list(0), g.list(1), 1));
  });
  return g.finish();
}
