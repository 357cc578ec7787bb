/** Attention as the vision towers have it: three projections and an output, each a matrix and a bias of its own. */
import {
  allBiased,
  separateProjections,
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
  { hiddenSize, headCount }: VisionTransformerShape,
): TransformerLayer['attention'] {
  const heads = { hiddenSize, headCount };
  return {
    ...heads,
    projections: separateProjections(g, names, heads, allBiased),
    output: linearWeights(g, names.output, { inputs: hiddenSize, outputs: hiddenSize, bias: true }),
  };
}

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
