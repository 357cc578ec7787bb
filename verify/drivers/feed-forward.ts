/** Cases of one block of experts, on what enters a feed-forward. */
import { ok } from '#engine/contract/outcome.ts';
import type { FeedForwardHost } from '#engine/node/part.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { activationFromConfig } from '#nodes/config/published-config.ts';
import { float32, type Tensor } from '#host/sessions/sessions.ts';
import type { Driver } from './case-check.ts';
import type { FeedForwardRow } from '../cases/rows/case-row.ts';
import { compareTensors } from '../cases/comparison.ts';
import { setNode } from './node-params.ts';
import { partOf } from './single-part.ts';
import type { RecordedCase, RecordedTensor } from '../cases/recorded-case.ts';

export const feedForwardDriver: Driver<FeedForwardRow> = async (row, recorded, workbench) => {
  const { inputs, outputs, atol } = recorded;
  const node = setNode(row.node, recorded, recorded.files);
  if (typeof node === 'string') return { unsupported: node };
  const host = hostOf(recorded);
  if (typeof host === 'string') return { unsupported: host };
  const part = partOf(node, 'feed-forward', recorded.folder);
  const { shape, data } = inputs.get(row.input) as RecordedTensor;
  const channels = shape.at(-1) ?? 0;
  const tokens = data.length / channels;

  const g = new GraphBuilder();
  const x = g.input('hidden', 'float32', [1, tokens, channels]);
  g.output('output', part.emit(g, x, { ...host, hiddenSize: channels }));
  const wanted = Object.entries(row.outputs).filter(([name]) => outputs.has(name));
  for (const [, source] of wanted) if (source !== 'output') g.output(source, g.tapped(source));
  const ran = await workbench.run(g.finish(), {
    hidden: float32(Float32Array.from(data), [1, tokens, channels]),
  });
  if (!ran.ok) return ran;
  return ok(
    wanted.map(([name, source]) => {
      const expected = outputs.get(name) as RecordedTensor;
      const { dims, data: numbers } = ran.value[source] as Tensor;
      // A batch went through as one row of tokens.
      const computed = source === 'output' ? [...shape.slice(0, -1), dims.at(-1) ?? 0] : dims;
      return compareTensors(
        name,
        { shape: computed, data: numbers as Float32Array },
        expected,
        atol,
      );
    }),
  );
};

/** The language model that the block would be plugged into, as far as the block sees it. */
function hostOf({ config }: RecordedCase): Omit<FeedForwardHost, 'hiddenSize'> | string {
  const activation = activationFromConfig(config['hidden_act']);
  if (activation === null)
    return `The activation ${JSON.stringify(config['hidden_act'])} is not built yet.`;
  return {
    name: 'mlp',
    feedForwardSize: Number(config['intermediate_size']),
    activation,
    bias: false,
    gated: true,
    dense: () => {
      throw new Error('A recorded block has experts of its own.');
    },
  };
}
