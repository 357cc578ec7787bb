/** All matrix products of a graph, those inside attention too, with how often each shape occurs. */
import type { OnnxNode, StageModel } from '#engine/onnx/model.ts';
import { bindDim, type DimBindings, type Shape } from '#engine/onnx/value.ts';
import { initializersOf } from '#engine/onnx/weight-layout.ts';
import type { BareProduct } from '../vision/bare-client.ts';
import { productOf } from '../vision/matrix-product.ts';

export interface CountedProduct {
  readonly product: BareProduct;
  readonly count: number;
}

export function graphProducts(model: StageModel, dims: DimBindings): readonly CountedProduct[] {
  const weights = new Map(initializersOf(model).map(({ name, shape }) => [name, shape]));
  const values = [...model.inputs, ...model.nodes.flatMap(({ outputs }) => outputs)];
  const shapes = new Map(values.flatMap((value) => (value ? [[value.name, value.shape]] : [])));
  const sizesOf = (name: string | undefined): readonly number[] | null => {
    const shape: Shape | undefined = shapes.get(name ?? '');
    return shape?.map((dim) => bindDim(dim, dims)) ?? null;
  };
  const counted = new Map<string, CountedProduct>();
  for (const node of model.nodes) {
    const withWeight = productOf(node, weights, dims) ?? patchProduct(node, weights, sizesOf);
    for (const product of withWeight ? [withWeight] : pairedProducts(node, sizesOf)) {
      const key = JSON.stringify(product);
      counted.set(key, { product, count: (counted.get(key)?.count ?? 0) + 1 });
    }
  }
  return [...counted.values()];
}

type SizesOf = (name: string | undefined) => readonly number[] | null;

/** A convolution whose kernels lie side by side multiplies every patch by the same matrix. */
function patchProduct(
  { op, inputs, outputs: [output], attributes }: OnnxNode,
  weights: ReadonlyMap<string, readonly number[]>,
  sizesOf: SizesOf,
): BareProduct | null {
  const [outputs = 0, channels = 0, height = 0, width = 0] = weights.get(inputs[1] ?? '') ?? [];
  const { strides, group } = attributes;
  const sides = strides && 'ints' in strides ? strides.ints : [];
  const isWhole = group === undefined || ('int' in group && group.int === 1);
  if (op !== 'Conv' || !isWhole || sides[0] !== height || sides[1] !== width) return null;
  const [views = 1, , rows = 0, columns = 0] = sizesOf(output?.name) ?? [];
  return { places: views * rows * columns, inputs: channels * height * width, outputs };
}

/** Of activations by activations: the two of fused attention, and plain ones. */
function pairedProducts(
  { op, inputs, outputs: [output], attributes }: OnnxNode,
  sizesOf: SizesOf,
): readonly BareProduct[] {
  const [left, right, third] = inputs.slice(0, 3).map(sizesOf);
  if (op === 'MultiHeadAttention' && left && right && third) {
    const heads = attributes['num_heads'];
    const headCount = heads && 'int' in heads ? heads.int : 1;
    const [views = 1, queries = 0, channels = 0] = left;
    const keys = right[1] ?? 0;
    const pairs = views * headCount;
    const headSize = channels / headCount;
    return [
      { pairs, places: queries, inputs: headSize, outputs: keys },
      { pairs, places: queries, inputs: keys, outputs: (third[2] ?? 0) / headCount },
    ];
  }
  if ((op !== 'MatMul' && op !== 'FusedMatMul') || !left || !right) return [];
  const sizes = sizesOf(output?.name) ?? [];
  const pairs = sizes.slice(0, -2).reduce((product, size) => product * size, 1);
  return [
    { pairs, places: sizes.at(-2) ?? 0, inputs: left.at(-1) ?? 0, outputs: sizes.at(-1) ?? 0 },
  ];
}
