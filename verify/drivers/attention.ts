/** Cases of one layer of attention: the part that stands for it, between projections of the case's own. */
import { ok } from '#engine/contract/outcome.ts';
import {
  noneBiased,
  projectAll,
  separateProjections,
} from '#engine/onnx/blocks/attention-projections.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { float32, type Tensor } from '#host/sessions/sessions.ts';
import type { Driver } from './case-check.ts';
import type { AttentionRow } from '../cases/rows/case-row.ts';
import { compareTensors, type Comparison } from '../cases/comparison.ts';
import { setNode } from './node-params.ts';
import type { RecordedTensor } from '../cases/recorded-case.ts';
import { partOf } from './single-part.ts';

const asNamed: KeyLayout = { title: 'as named', key: (name) => name, owns: () => true };

export const attentionDriver: Driver<AttentionRow> = async (row, recorded, workbench) => {
  const { config, folder, inputs, outputs, atol } = recorded;
  const node = setNode(row.node, recorded, recorded.files);
  if (typeof node === 'string') return { unsupported: node };
  const part = partOf(node, 'attention', folder);
  const heads = {
    hiddenSize: Number(config[row.hiddenSize]),
    headCount: Number(config[row.headCount]),
  };
  const { output, ...names } = row.projections;
  const origin = {
    node: 'case',
    source: { kind: 'checkpoint', folder },
    layouts: [asNamed],
  } as const;
  const comparisons: Comparison[] = [];
  for (const [name, { tokens, memory }] of Object.entries(row.outputs)) {
    const [asking, asked] = [tokens, memory].map((each) => inputs.get(each) as RecordedTensor);
    const expected = outputs.get(name);
    if (!asking || !asked || !expected) continue;
    const g = new GraphBuilder();
    const x = g.input('x', 'float32', asking.shape);
    const looked = g.input('memory', 'float32', asked.shape);
    g.weightsFrom({ origin, blocks: null }, () => {
      const projections = separateProjections(g, names, heads, noneBiased);
      const projected = projectAll(g, x, looked, projections);
      const attended = part.emit(g, projected, { name: 'layers.0', headCount: heads.headCount });
      const square = { inputs: heads.hiddenSize, outputs: heads.hiddenSize, bias: true };
      g.output('y', linear(g, attended, output, square));
    });
    const ran = await workbench.run(g.finish(), {
      x: float32(Float32Array.from(asking.data), asking.shape),
      memory: float32(Float32Array.from(asked.data), asked.shape),
    });
    if (!ran.ok) return ran;
    const { dims, data } = ran.value['y'] as Tensor;
    const computed = { shape: dims, data: data as Float32Array };
    comparisons.push(compareTensors(name, computed, expected, atol));
  }
  return ok(comparisons);
};
