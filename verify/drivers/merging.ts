/** Cases of token merging by itself: rounds one after the other, each with a measure of likeness of its own. */
import { ok } from '#engine/contract/outcome.ts';
import { mergeAlike, unmerged } from '#engine/onnx/blocks/token-merging.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { float32, type Tensor } from '#host/sessions/sessions.ts';
import type { Driver } from './case-check.ts';
import type { MergingRow } from '../cases/rows/case-row.ts';
import { compareTensors } from '../cases/comparison.ts';
import type { RecordedTensor } from '../cases/recorded-case.ts';

export const mergingDriver: Driver<MergingRow> = async (row, recorded, workbench) => {
  const { config, inputs, outputs, atol } = recorded;
  const counts = config[row.counts] as readonly number[];
  const prefixTokens = config[row.classToken] === true ? 1 : 0;
  const g = new GraphBuilder();
  const given = [...inputs].map(
    ([name, { shape }]) => [name, g.input(name, 'float32', shape)] as const,
  );
  const values = new Map(given);
  const input = (name: string) => values.get(name) as (typeof given)[number][1];
  let now = unmerged(g, input('x'));
  for (const [round, count] of counts.entries()) {
    now = mergeAlike(g, now, input(`metric${round}`), count, prefixTokens);
    g.output(`x${round}`, now.tokens);
    if (now.size) g.output(`size${round}`, now.size);
    g.output(`source${round}`, now.source());
  }
  const feeds = [...inputs].map(([name, { shape, data }]) => [
    name,
    float32(Float32Array.from(data), shape),
  ]);
  const ran = await workbench.run(g.finish(), Object.fromEntries(feeds) as Record<string, Tensor>);
  if (!ran.ok) return ran;
  return ok(
    Object.entries(ran.value)
      .filter(([name]) => outputs.has(name))
      .map(([name, { dims, data }]) => {
        const expected = outputs.get(name) as RecordedTensor;
        return compareTensors(name, { shape: dims, data: data as Float32Array }, expected, atol);
      }),
  );
};
