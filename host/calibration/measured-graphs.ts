/** Graphs of nothing but what is measured, made of the operators that Patchbay's own graphs are made of. */
import { linear } from '#engine/onnx/blocks/linear.ts';
import { GraphBuilder, type MatrixFormat } from '#engine/onnx/graph-builder.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import { add } from '#engine/onnx/operators.ts';
import { slice } from '#engine/onnx/shape-operators.ts';

/** [places, inputs] × [inputs, outputs] */
export interface ProductShape {
  readonly places: number;
  readonly inputs: number;
  readonly outputs: number;
}

export const productFlops = ({ places, inputs, outputs }: ProductShape): number =>
  2 * places * inputs * outputs;

/**
 * A product with a random matrix on the right, as weights are in each precision. One row of it is given out: all
 * of it would be written to new memory in every run, which takes longer than some products.
 */
export function productModel(
  { places, inputs, outputs }: ProductShape,
  format: MatrixFormat = { blocks: null },
): StageModel {
  const g = new GraphBuilder();
  const left = g.input('left', 'float32', [places, inputs]);
  const source = { kind: 'random', seed: 0 } as const;
  const setting = { origin: { node: 'product', source, layouts: [] }, ...format };
  g.weightsFrom(setting, () => {
    const product = linear(g, left, 'right', { inputs, outputs, bias: false }); // [places, outputs]
    g.output('row', slice(g, product, 0, g.list(0), g.list(1), 1));
  });
  return g.finish();
}

/** So many additions one behind the other, each over so few numbers that it is mostly the call. */
export function chainModel(operators: number): StageModel {
  const g = new GraphBuilder();
  const start = g.input('start', 'float32', [1, 16]);
  let sum = start;
  for (let count = 0; count < operators; count++) sum = add(g, sum, start);
  g.output('sum', sum);
  return g.finish();
}
