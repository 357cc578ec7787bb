/** Attention as the vision towers have it: three projections and an output, each a matrix and a bias of its own. */
import {
  allBiased,
  separateProjections,
  type ProjectionBiases,
  type QueryKeyValue,
} from '#engine/onnx/blocks/attention-projections.ts';
import { linearWeights } from '#engine/onnx/blocks/linear.ts';
import type { TransformerLayer } from '#engine/onnx/blocks/vision-transformer.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { VisionTransformerShape } from './vision-transformer-params.ts';

interface AttentionNames extends QueryKeyValue<string> {
  readonly output: string;
}

export function towerAttention(
  g: GraphBuilder,
  names: AttentionNames,
  { hiddenSize, headCount }: Pick<VisionTransformerShape, 'hiddenSize' | 'headCount'>,
  biases: ProjectionBiases & { readonly output?: boolean } = allBiased,
): TransformerLayer['attention'] {
  const heads = { hiddenSize, headCount };
  const { output: bias = true } = biases;
  return {
    ...heads,
    projections: separateProjections(g, names, heads, biases),
    output: linearWeights(g, names.output, { inputs: hiddenSize, outputs: hiddenSize, bias }),
  };
}

/** Keys without a bias: one would move all scores of a query alike, which softmax does not see. */
export const queryValueBiased = { query: true, key: false, value: true } as const;

/** `q_proj`, `k_proj`, `v_proj` and an output by another name, all under `name`. */
export const projNames = (name: string, output: string): AttentionNames => ({
  query: `${name}.q_proj`,
  key: `${name}.k_proj`,
  value: `${name}.v_proj`,
  output: `${name}.${output}`,
});

/** Of `layer`, as the Hugging Face library names it in ViT and DINOv2. */
export function libraryAttention(
  g: GraphBuilder,
  layer: string,
  shape: VisionTransformerShape,
): TransformerLayer['attention'] {
  const inner = `${layer}.attention.attention`;
  const names = {
    query: `${inner}.query`,
    key: `${inner}.key`,
    value: `${inner}.value`,
    output: `${layer}.attention.output.dense`,
  };
  return towerAttention(g, names, shape);
}
