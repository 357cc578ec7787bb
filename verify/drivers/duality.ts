/** Cases of the bare scan of Mamba-2: sequences with all that is made of their tokens, from a state or from none. */
import { ok } from '#engine/contract/outcome.ts';
import { stateSpaceDuality } from '#engine/onnx/blocks/state-space-duality.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { float32, type Tensor } from '#host/sessions/sessions.ts';
import type { Driver } from './case-check.ts';
import { withLastTurned } from './mixer.ts';
import type { DualityRow } from '../cases/rows/case-row.ts';
import { compareTensors, type Comparison } from '../cases/comparison.ts';
import type { RecordedTensor } from '../cases/recorded-case.ts';

export const dualityDriver: Driver<DualityRow> = async (row, recorded, workbench) => {
  const { inputs, outputs, atol } = recorded;
  const given = (part: keyof DualityRow['inputs']) =>
    inputs.get(row.inputs[part]) as RecordedTensor;
  const x = given('x');
  const [batch, length, heads, headSize] = x.shape as [number, number, number, number];
  const stateSize = given('write').shape[3] as number;
  // Recorded as [B, heads, headSize, stateSize].
  const past = withLastTurned(asTensor(given('past')));
  const feeds = {
    x: asTensor(x, [batch, length, heads * headSize]),
    decay: asTensor(given('decay')),
    write: asTensor(given('write'), [batch, length, heads * stateSize]),
    read: asTensor(given('read'), [batch, length, heads * stateSize]),
  };
  const g = new GraphBuilder();
  const input = (name: string, { dims }: Tensor) => g.input(name, 'float32', dims);
  const tokens = {
    x: input('x', feeds.x),
    decay: input('decay', feeds.decay),
    write: input('write', feeds.write),
    read: input('read', feeds.read),
  };
  const before = g.input('past', 'float32', past.shape);
  const { output, state } = stateSpaceDuality(g, tokens, before);
  g.output('output', output);
  g.output('state', state);
  const model = g.finish();
  const comparisons: Comparison[] = [];
  for (const [name, { value, from }] of Object.entries(row.outputs)) {
    const expected = outputs.get(name);
    if (!expected) continue;
    const numbers = past.data as Float32Array;
    const start = from === 'past' ? numbers : numbers.map(() => 0);
    const ran = await workbench.run(model, { ...feeds, past: float32(start, past.shape) });
    if (!ran.ok) return ran;
    const computed = ran.value[value] as Tensor;
    const turned =
      value === 'state'
        ? withLastTurned(computed)
        : { shape: x.shape, data: computed.data as Float32Array };
    comparisons.push(compareTensors(name, turned, expected, atol));
  }
  return ok(comparisons);
};

const asTensor = ({ shape, data }: RecordedTensor, as: readonly number[] = shape): Tensor =>
  float32(Float32Array.from(data), as);
