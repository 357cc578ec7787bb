/** Cases of one layer of a deformable decoder, given its queries, their places and what they look at. */
import { ok } from '#engine/contract/outcome.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { reshape } from '#engine/onnx/shape-operators.ts';
import type { Value } from '#engine/onnx/value.ts';
import type { KeyLayout } from '#engine/onnx/weight.ts';
import {
  deformableLayer,
  type DeformableShape,
} from '#nodes/projector/layers/deformable-layers.ts';
import { float32, type Tensor } from '#host/sessions/sessions.ts';
import type { DeformableLayerRow } from '../cases/rows/case-row.ts';
import { compareTensors } from '../cases/comparison.ts';
import type { RecordedTensor } from '../cases/recorded-case.ts';
import type { Driver } from './case-check.ts';
import { setNode } from './node-params.ts';

/** As transformers spells them since version 5; Honeybee, and with it the node, has the older names. */
const layout: KeyLayout = {
  title: 'transformers 5',
  key: (name) =>
    name.replace('.self_attn.out_proj.', '.self_attn.o_proj.').replace(/\.(fc[12])\./, '.mlp.$1.'),
  owns: () => true,
};

export const deformableLayerDriver: Driver<DeformableLayerRow> = async (
  row,
  recorded,
  workbench,
) => {
  const { config, folder, inputs, outputs, atol, files } = recorded;
  const node = setNode(row.node, recorded, files);
  if (typeof node === 'string') return { unsupported: node };
  const declared = Object.entries(node.definition.params).map(([name, { default: value }]) => [
    name,
    value,
  ]);
  const shape = { ...Object.fromEntries(declared), ...node.params } as DeformableShape;
  const [rows, columns] = config[row.grid] as readonly [number, number];
  const tensors = Object.entries(row.inputs).map(
    ([name, of]) => [name, inputs.get(of) as RecordedTensor] as const,
  );
  const g = new GraphBuilder();
  const given = Object.fromEntries(
    tensors.map(([name, tensor]) => [name, g.input(name, 'float32', tensor.shape)]),
  ) as Record<keyof DeformableLayerRow['inputs'], Value>;
  const source = { kind: 'checkpoint', folder } as const;
  const origin = { node: 'case', source, layouts: [layout] };
  g.weightsFrom({ origin, blocks: null }, () => {
    const { state, positions, tokens } = given;
    // One feature level, which is recorded as an axis of its own.
    const [batch = 0, count = 0] = given.references.shape;
    const references = reshape(g, given.references, [batch, count, 2]);
    const memory = { tokens, references, grid: { rows, columns } };
    g.output('y', deformableLayer(g, { state, positions }, memory, row.layer, shape));
  });
  const feeds = tensors.map(([name, { shape: dims, data }]) => [
    name,
    float32(Float32Array.from(data), dims),
  ]);
  const ran = await workbench.run(g.finish(), Object.fromEntries(feeds));
  if (!ran.ok) return ran;
  const { dims, data } = ran.value['y'] as Tensor;
  const expected = outputs.get(row.output);
  const computed = { shape: dims, data: data as Float32Array };
  return ok(expected ? [compareTensors(row.output, computed, expected, atol)] : []);
};
