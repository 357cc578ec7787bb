/** How many numbers the weights of a graph hold. */
import type { StageModel } from '#engine/onnx/model.ts';
import { elementCount } from '#engine/onnx/value.ts';
import { expressionShape } from '#engine/onnx/weight.ts';

export const weightCount = ({ weights }: StageModel): number =>
  weights.reduce((sum, { expression }) => sum + elementCount(expressionShape(expression)), 0);
