import { expect, it } from 'vitest';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { countFlops } from '#engine/estimate/model-cost.ts';
import { productFlops } from '#host/calibration/measured-graphs.ts';
import { encoderGraph } from '../vision/encoders.ts';
import { onnxStageOf, planOf } from '../engine/run-graph.ts';
import { graphProducts } from './graph-products.ts';

it('finds every product of a vision transformer, as often as its layers repeat it', () => {
  const { body } = onnxStageOf(planOf(encoderGraph('encoder/clip-vit'), 'encoder'), 'encoder');
  const dims = body.dims();
  const products = graphProducts(body.model, dims);
  const flops = products.reduce(
    (sum, { product, count }) => sum + count * (product.pairs ?? 1) * productFlops(product),
    0,
  );
  // What is no product, norms and the like, is not counted as arithmetic.
  expect(flops / countFlops(body.model, dims)).toBeCloseTo(1, 3);
  const layers = products.filter(({ product }) => product.pairs !== undefined);
  expect(layers).toHaveLength(2);
});

it('finds none in a graph without any', () => {
  const g = new GraphBuilder();
  g.output('same', g.input('pixels', 'float32', [1, 3]));
  expect(graphProducts(g.finish(), {})).toEqual([]);
});
