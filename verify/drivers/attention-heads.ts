/** Cases of attention alone: a part between queries, keys and values that are recorded head by head. */
import { ok } from '#engine/contract/outcome.ts';
import { joinHeads, splitHeads } from '#engine/onnx/blocks/attention-heads.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { float32, type Tensor } from '#host/sessions/sessions.ts';
import type { Driver } from './case-check.ts';
import type { AttentionHeadsRow } from '../cases/rows/case-row.ts';
import { compareTensors, type Comparison } from '../cases/comparison.ts';
import { setNode } from './node-params.ts';
import type { RecordedTensor } from '../cases/recorded-case.ts';
import { partOf } from './single-part.ts';

export const attentionHeadsDriver: Driver<AttentionHeadsRow> = async (row, recorded, workbench) => {
  const { folder, inputs, outputs, atol } = recorded;
  const comparisons: Comparison[] = [];
  for (const [name, params] of Object.entries(row.outputs)) {
    const own = { ...row.node, params: { ...row.node.params, ...params } };
    const node = setNode(own, recorded, recorded.files);
    if (typeof node === 'string') return { unsupported: node };
    const part = partOf(node, 'attention', folder);
    const given = Object.values(row.inputs).map((each) => inputs.get(each) as RecordedTensor);
    const expected = outputs.get(name);
    if (!expected) continue;
    const headCount = expected.shape[1] as number;
    const g = new GraphBuilder();
    const [query, key, value] = Object.keys(row.inputs).map((role, index) =>
      joinHeads(g, g.input(role, 'float32', given[index]?.shape ?? [])),
    );
    if (!query || !key || !value) continue;
    const met = part.emit(g, { query, key, value }, { name: 'layers.0', headCount });
    g.output('y', splitHeads(g, met, headCount));
    const feeds = Object.keys(row.inputs).map((role, index) => {
      const { data = [], shape = [] } = given[index] ?? {};
      return [role, float32(Float32Array.from(data), shape)] as const;
    });
    const ran = await workbench.run(g.finish(), Object.fromEntries(feeds));
    if (!ran.ok) return ran;
    const { dims, data } = ran.value['y'] as Tensor;
    const computed = { shape: dims, data: data as Float32Array };
    comparisons.push(compareTensors(name, computed, expected, atol));
  }
  return ok(comparisons);
};
