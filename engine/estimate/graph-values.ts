/** The values of a graph and of the graphs inside its operators. */
import type { Branch, OnnxNode, StageModel } from '../onnx/model.ts';
import type { Value } from '../onnx/value.ts';

export const branchesOf = ({ attributes }: OnnxNode): readonly Branch[] =>
  Object.values(attributes).flatMap((attribute) => ('graph' in attribute ? [attribute.graph] : []));

/** By name: what is given, what is stored, and what operators give, those inside of others too. */
export function valuesOf({
  inputs,
  constants,
  weights,
  nodes,
}: StageModel): ReadonlyMap<string, Value> {
  const values = new Map<string, Value>();
  const add = (value: Value): unknown => values.set(value.name, value);
  inputs.forEach(add);
  for (const { value } of constants) add(value);
  for (const { initializers } of weights) initializers.forEach(add);
  const addNodes = (all: readonly OnnxNode[]): void => {
    for (const node of all) {
      for (const output of node.outputs) if (output) add(output);
      for (const branch of branchesOf(node)) {
        branch.inputs.forEach(add);
        addNodes(branch.nodes);
      }
    }
  };
  addNodes(nodes);
  return values;
}
