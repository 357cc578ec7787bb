import { expect, test } from 'vitest';
import { groupOperators } from './group-operators.ts';
import { operatorsByRow } from './operator-trace.ts';

const run = (ts: number, dur: number) => ({ cat: 'Session', name: 'model_run', ts, dur, args: {} });

const kernel = (name: string, kind: string, ts: number, dur: number) => ({
  cat: 'Node',
  name: `${name}_kernel_time`,
  ts,
  dur,
  args: {
    op_name: kind,
    input_type_shape: [{ float: [1, 4] }, { float: [4, 8] }],
    output_type_shape: [{ float: [1, 8] }],
    activation_size: '16',
    parameter_size: '128',
    output_size: '32',
  },
});

/** As ONNX Runtime writes it: a warm-up, the prompt, and two steps of one token. */
const trace = [
  { cat: 'Session', name: 'model_loading_uri', ts: 0, dur: 5 },
  kernel('MatMul/layers.0/attention/MatMul', 'MatMul', 11, 90_000),
  run(10, 90_010),
  run(100_000, 3_000),
  kernel('MatMul/layers.0/attention/MatMul', 'MatMul', 100_010, 2_000),
  kernel('Add/Add', 'Add', 102_100, 500),
  run(200_000, 400),
  kernel('MatMul/layers.0/attention/MatMul', 'MatMul', 200_010, 300),
  run(300_000, 200),
  // A choice, and what ran in the branch that was taken.
  kernel('If/If', 'If', 300_010, 150),
  kernel('Relu/branch/Relu', 'Relu', 300_020, 100),
];

const inPass = (row: string, pass = 1) => ({ row, pass });

test('operators are told by the row that their run was for, once each, and what was to warm up is not', () => {
  const found = operatorsByRow(trace, [
    null,
    inPass('prefill'),
    inPass('decode'),
    inPass('decode'),
  ]);
  const short = [...found].map(([row, operators]) => [
    row,
    operators.map(({ part, kind, calls, profiledMs }) => [part, kind, calls, profiledMs]),
  ]);
  expect(short).toEqual([
    [
      'prefill',
      [
        ['layers.0/attention', 'MatMul', 1, 2],
        ['', 'Add', 1, 0.5],
      ],
    ],
    [
      'decode',
      [
        ['layers.0/attention', 'MatMul', 1, 0.3],
        ['', 'If', 1, 0.05],
        ['branch', 'Relu', 1, 0.1],
      ],
    ],
  ]);
  const [product] = found.get('prefill') ?? [];
  expect(product).toMatchObject({
    inputs: ['1 × 4', '4 × 8'],
    outputs: ['1 × 8'],
    bytesPerCall: 176,
  });
});

test('shares found under the profiler are shares of the time without it', () => {
  const found =
    operatorsByRow(
      trace,
      [1, 1, 1, 1].map((pass) => inPass('all', pass)),
    ).get('all') ?? [];
  const groups = groupOperators(found, 'kind', 1_000);
  expect(groups.map(({ title, calls }) => `${title} ${calls}`)).toEqual([
    'MatMul 3',
    'Add 1',
    'Relu 1',
    'If 1',
  ]);
  expect(groups.reduce((sum, { latencyMs }) => sum + latencyMs, 0)).toBeCloseTo(1_000);
  expect(groups[0]?.bytes).toBe(3 * 176);
  const layers = groupOperators(found, 'layer', 1_000).map(({ title }) => title);
  expect(layers).toEqual(['layers.0', 'outside of parts', 'branch']);
});

test('of several passes an operator has the time of the middle one', () => {
  const name = 'MatMul/MatMul';
  const passes = [900, 300, 400].flatMap((dur, pass) => [
    run(1_000 * pass, 950),
    kernel(name, 'MatMul', 1_000 * pass + 1, dur),
  ]);
  const found = operatorsByRow(
    passes,
    [1, 2, 3].map((pass) => inPass('all', pass)),
  ).get('all');
  expect(found?.map(({ calls, profiledMs }) => [calls, profiledMs])).toEqual([[1, 0.4]]);
});

test('what is no trace has no operators', () => {
  expect(operatorsByRow({ traceEvents: [] }, []).size).toBe(0);
  expect(operatorsByRow([null, { cat: 'Node' }, run(0, 1)], [inPass('all')]).size).toBe(0);
});
