/** Cases of a Funnel Transformer over words: its blocks behind an embedding that is the case's own. */
import { ok } from '#engine/contract/outcome.ts';
import { embedIds } from '#engine/onnx/blocks/embedding.ts';
import { funnel } from '#engine/onnx/blocks/funnel.ts';
import { norm } from '#engine/onnx/blocks/norm.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { cast } from '#engine/onnx/operators.ts';
import { int64, type Tensor } from '#host/sessions/sessions.ts';
import { funnelShape, funnel as node } from '#nodes/compression/funnel.ts';
import type { KeyLayout } from '#engine/onnx/weight.ts';
import type { Driver } from './case-check.ts';
import type { FunnelRow } from '../cases/rows/case-row.ts';
import { compareTensors, type Comparison } from '../cases/comparison.ts';
import { setNode } from './node-params.ts';
import type { RecordedTensor } from '../cases/recorded-case.ts';

const layout: KeyLayout = { title: 'Funnel', key: (name) => `funnel.${name}`, owns: () => true };

export const funnelDriver: Driver<FunnelRow> = async (row, recorded, workbench) => {
  const { config, folder, inputs, outputs, atol } = recorded;
  const set = setNode({ type: 'compression/funnel' }, recorded, recorded.files);
  if (typeof set === 'string') return { unsupported: set };
  const declared = Object.entries(node.params).map(([name, param]) => [name, param.default]);
  const values = { ...Object.fromEntries(declared), ...set.params };
  const shape = funnelShape(values as Parameters<typeof funnelShape>[0]);
  if (!shape.ok) return shape;
  const given = (name: string) => inputs.get(name) as RecordedTensor;
  const g = new GraphBuilder();
  const input = (name: string) => g.input(name, 'int64', given(row.inputs[name as Role]).shape);
  const source = { kind: 'checkpoint', folder } as const;
  const origin = { node: 'case', source, layouts: [layout] };
  g.weightsFrom({ origin, blocks: null }, () => {
    const { hiddenSize, normEpsilon } = shape.value;
    const vocabularySize = Number(config[row.vocabularySize]);
    const table = 'embeddings.word_embeddings.weight';
    const words = embedIds(g, input('ids'), { vocabularySize, hiddenSize, embedding: table });
    const tokens = norm(g, words, 'embeddings.layer_norm', { kind: 'layer', epsilon: normEpsilon });
    const present = cast(g, input('mask'), 'float32');
    funnel(g, { tokens, hasClass: true, types: input('types'), present }, shape.value);
  });
  const wanted = Object.entries(row.outputs).filter(([name]) => outputs.has(name));
  for (const [name, layers] of wanted) g.output(name, g.tapped(`hidden.${layers}`));
  const feeds = Object.entries(row.inputs).map(([role, name]) => {
    const { data, shape: dims } = given(name);
    return [role, int64(Array.from(data, Number), dims)] as const;
  });
  const ran = await workbench.run(g.finish(), Object.fromEntries(feeds));
  if (!ran.ok) return ran;
  return ok(
    wanted.map(([name]): Comparison => {
      const { dims, data } = ran.value[name] as Tensor;
      const computed = { shape: dims, data: data as Float32Array };
      return compareTensors(name, computed, outputs.get(name) as RecordedTensor, atol);
    }),
  );
};

type Role = keyof FunnelRow['inputs'];
