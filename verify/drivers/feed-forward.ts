/** Cases of one block of experts, on what enters a feed-forward. */
import type { JsonObject } from '#engine/contract/config-files.ts';
import { ok } from '#engine/contract/outcome.ts';
import type { FeedForwardHost } from '#engine/node/part.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { activationFromConfig } from '#nodes/config/published-config.ts';
import { float32, type Tensor } from '#host/sessions/sessions.ts';
import type { Driver } from './case-check.ts';
import type { FeedForwardRow } from '../cases/rows/case-row.ts';
import { compareTensors, type Comparison } from '../cases/comparison.ts';
import { setNode } from './node-params.ts';
import { partOf } from './single-part.ts';
import type { RecordedCase, RecordedTensor } from '../cases/recorded-case.ts';

export const feedForwardDriver: Driver<FeedForwardRow> = async (row, recorded, workbench) => {
  const { inputs, outputs, atol } = recorded;
  const node = setNode(row.node, recorded, recorded.files);
  if (typeof node === 'string') return { unsupported: node };
  const host = hostOf(row, recorded);
  if (typeof host === 'string') return { unsupported: host };
  const wanted = Object.entries(row.outputs)
    .filter(([name]) => outputs.has(name))
    .map(([name, source]): Wanted =>
      typeof source === 'string' ? { name, value: source, params: {} } : { name, ...source },
    );
  const { shape, data } = inputs.get(row.input) as RecordedTensor;
  const channels = shape.at(-1) ?? 0;
  const tokens = data.length / channels;
  const comparisons: Comparison[] = [];
  // What stands for the same parameters comes from one graph.
  for (const params of new Set(wanted.map((each) => JSON.stringify(each.params)))) {
    const group = wanted.filter((each) => JSON.stringify(each.params) === params);
    const set = { ...node, params: { ...node.params, ...group[0]?.params } };
    const part = partOf(set, 'feed-forward', recorded.folder);
    const g = new GraphBuilder();
    const x = g.input('hidden', 'float32', [1, tokens, channels]);
    g.output('output', part.emit(g, x, { ...host, hiddenSize: channels }));
    for (const { value } of group) if (value !== 'output') g.output(value, g.tapped(value));
    const ran = await workbench.run(g.finish(), {
      hidden: float32(Float32Array.from(data), [1, tokens, channels]),
    });
    if (!ran.ok) return ran;
    for (const { name, value } of group) {
      const { dims, data: numbers } = ran.value[value] as Tensor;
      // A batch went through as one row of tokens.
      const computed = value === 'output' ? [...shape.slice(0, -1), dims.at(-1) ?? 0] : dims;
      const read =
        numbers instanceof Float32Array ? numbers : Array.from(numbers as BigInt64Array, Number);
      const expected = outputs.get(name) as RecordedTensor;
      comparisons.push(compareTensors(name, { shape: computed, data: read }, expected, atol));
    }
  }
  return ok(comparisons);
};

interface Wanted {
  readonly name: string;
  readonly value: string;
  readonly params: JsonObject;
}

/** The language model that the block would be plugged into, as far as the block sees it. */
function hostOf(
  { name = 'mlp' }: FeedForwardRow,
  { config }: RecordedCase,
): Omit<FeedForwardHost, 'hiddenSize'> | string {
  const activation = activationFromConfig(config['hidden_act']);
  if (activation === null)
    return `The activation ${JSON.stringify(config['hidden_act'])} is not built yet.`;
  return {
    name,
    feedForwardSize: Number(config['intermediate_size']),
    activation,
    bias: false,
    gated: true,
    dense: () => {
      throw new Error('A recorded block has experts of its own.');
    },
  };
}
