/** Which product of a graph its rate is compared with. */
import { expect, it } from 'vitest';
import { countFlops } from '#engine/estimate/model-cost.ts';
import { attend } from '#engine/onnx/blocks/attention.ts';
import { convolution } from '#engine/onnx/blocks/convolution.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import { matmul } from '#engine/onnx/operators.ts';
import { transpose } from '#engine/onnx/shape-operators.ts';
import { productFlops, productModel } from '#host/calibration/measured-graphs.ts';
import { clipVit } from '#nodes/encoder/clip-vit.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { dominantProduct } from './matrix-product.ts';

const origin = { node: 'node', source: { kind: 'random', seed: 0 }, layouts: [] } as const;

function graphOf(emit: (g: GraphBuilder) => void): StageModel {
  const g = new GraphBuilder();
  g.weightsFrom({ origin, blocks: null }, () => emit(g));
  return g.finish();
}

it('takes the product with a weight that multiplies most', () => {
  const model = graphOf((g) => {
    const x = g.input('x', 'float32', ['views', 10, 4]);
    const wide = linear(g, x, 'up', { inputs: 4, outputs: 16, bias: true }); // [views, 10, 16]
    g.output('y', linear(g, wide, 'down', { inputs: 16, outputs: 2, bias: false }));
  });
  expect(dominantProduct(model, { views: 3 })).toEqual({ places: 30, inputs: 4, outputs: 16 });
});

it('counts a pointwise convolution as a product over places, and no other one', () => {
  const model = graphOf((g) => {
    const x = g.input('x', 'float32', [1, 8, 6, 6]);
    const seen = convolution(g, x, 'seen', { inputs: 8, outputs: 8, kernel: 3, bias: false });
    const grouped = { inputs: 8, outputs: 64, kernel: 1, groups: 8, bias: false };
    const spread = convolution(g, seen, 'spread', grouped); // [1, 64, 4, 4]
    g.output('y', convolution(g, spread, 'mix', { inputs: 64, outputs: 3, kernel: 1, bias: true }));
  });
  expect(dominantProduct(model, {})).toEqual({ places: 16, inputs: 64, outputs: 3 });
});

it('leaves attention apart', () => {
  const model = graphOf((g) => {
    const x = g.input('x', 'float32', [1, 100, 4]);
    const seen = attend(g, { query: x, key: x, value: x }, { headCount: 1 });
    g.output('y', matmul(g, seen, transpose(g, x, 0, 2, 1))); // [1, 100, 100]
  });
  expect(dominantProduct(model, {})).toBeNull();
});

it('is the feed-forward of a vision transformer', () => {
  const pixels = { kind: 'pixels', height: 336, width: 336 } as const;
  const { model } = valueOf(
    buildSingleNode({ definition: clipVit, params: {}, inputs: { pixels } }),
  );
  expect(dominantProduct(model, { views: 1 })).toEqual({
    places: 577,
    inputs: 1024,
    outputs: 4096,
  });
});

it('makes a graph that multiplies just that', () => {
  const shape = { places: 5, inputs: 7, outputs: 3 };
  const model = productModel(shape);
  expect(dominantProduct(model, {})).toEqual(shape);
  expect(productFlops(shape)).toBe(2 * 5 * 7 * 3);
  expect(countFlops(model, {})).toBe(productFlops(shape));
});
