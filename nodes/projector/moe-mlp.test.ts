/** CuMo's projector on ONNX Runtime against its formula, token by token. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { knownCount } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { config, refusal, taken } from '#verify/taking-config.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import {
  gelu,
  largestError,
  linear,
  softmax,
  toRows,
  type Row,
  type Rows,
} from '../slow-formulas.testing.ts';
import { moeMlp } from './moe-mlp.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const count = 13;
const wire = (channels: number) =>
  ({ kind: 'tokens', count: knownCount(count), channels, prefixTokens: 0, grid: null }) as const;

test.for([
  { from: 6, to: 10, experts: 4, topK: 2 },
  { from: 10, to: 6, experts: 4, topK: 1 },
  { from: 7, to: 7, experts: 3, topK: 3 },
])(
  'top $topK of $experts, $from → $to channels: the weighted sum of the best experts',
  async ({ from, to, experts, topK }) => {
    const folder = await bench.newFolder();
    const weights = { kind: 'checkpoint', folder } as const;
    const params = { outputWidth: to, experts, topK, weights };
    const single = { definition: moeMlp, params, inputs: { tokens: wire(from) } };
    const known = await writeKnownWeights(folder, [valueOf(buildSingleNode(single)).model], 1);
    const x = normalNumbers(count * from, 2);
    const { tokens } = await bench.runNode(single, { tokens: float32(x, [1, count, from]) });

    const matrix = (name: string, columns: number): Rows =>
      toRows(known.get(`${name}.weight`)?.data ?? [], columns);
    const bias = (name: string) => known.get(`${name}.bias`)?.data ?? [];
    const run = (expert: number, row: Row): Row => {
      const [first, second] = [`experts.${expert}.0`, `experts.${expert}.2`];
      const hidden = linear([row], matrix(first, from), bias(first)).map((each) => each.map(gelu));
      return linear(hidden, matrix(second, to), bias(second))[0] ?? [];
    };
    const used = new Set<number>();
    const expected = toRows(x, from).flatMap((row) => {
      const shares = softmax(linear([row], matrix('gate', from))[0] ?? []);
      const best = Array.from(shares.keys())
        .toSorted((a, b) => (shares[b] ?? 0) - (shares[a] ?? 0))
        .slice(0, topK);
      const sum = best.reduce((total, expert) => total + (shares[expert] ?? NaN), 0);
      const mixed = Array.from({ length: to }, () => 0);
      for (const expert of best) {
        used.add(expert);
        for (const [channel, number] of run(expert, row).entries())
          mixed[channel]! += ((shares[expert] ?? NaN) / sum) * number;
      }
      return mixed;
    });
    expect(used.size).toBeGreaterThan(2);
    expect(tokens?.dims).toEqual([1, count, to]);
    expect(largestError(floatsOf(tokens), expected)).toBeLessThan(1e-4);
  },
);

test('more experts a token than there are is a problem', () => {
  const params = { outputWidth: 4, experts: 2, topK: 3 };
  const built = buildSingleNode({ definition: moeMlp, params, inputs: { tokens: wire(4) } });
  expect(built).toMatchObject({ ok: false, problems: [{ code: 'param-invalid', param: 'topK' }] });
});

test('CuMo is read with its scales', () => {
  const cumo = { mm_projector_type: 'smoe_mlp', mm_hidden_size: 1024, hidden_size: 4096 };
  expect(taken(moeMlp, config({ ...cumo, scales: [1, 3] }))).toMatchObject({
    value: { params: { inputWidth: 2048, outputWidth: 4096, experts: 4, topK: 2 } },
  });
  expect(refusal(moeMlp, config({ mm_projector_type: 'linear' }))).toMatch(/no MoE .*"linear"/);
});
