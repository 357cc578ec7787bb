/** Linears with weights put together from published ones, and what is built of them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countFlops, countParameters } from '#engine/estimate/model-cost.ts';
import {
  geluTanh,
  largestError,
  linear as linearSlowly,
  relu,
  silu,
  toRows,
} from '#nodes/slow-formulas.testing.ts';
import { BlockBench } from '#verify/block-bench.testing.ts';
import {
  activate,
  gatedFeedForwardWith,
  plainFeedForwardWith,
  type Activation,
} from './feed-forward.ts';
import { linearWeights, linearWith, rowsOf, scaleOutputs } from './linear.ts';

let bench: BlockBench;
beforeAll(async () => {
  bench = await BlockBench.open();
});
afterAll(() => bench.close());

const close = 3e-6;
const [inputs, inner] = [5, 6];
const x = [2, 3, inputs];

/** Abramowitz and Stegun 7.1.26, to seven digits. */
function erf(z: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(z));
  const series = [0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429];
  const sum = series.reduceRight((rest, factor) => (rest + factor) * t, 0);
  return Math.sign(z) * (1 - sum * Math.exp(-z * z));
}

const formulas: Readonly<Record<Activation, (z: number) => number>> = {
  silu,
  gelu: (z) => (z / 2) * (1 + erf(z / Math.SQRT2)),
  'gelu-tanh': geluTanh,
  'quick-gelu': (z) => z / (1 + Math.exp(-1.702 * z)),
  relu,
  'hard-swish': (z) => (z * Math.min(Math.max(z + 3, 0), 6)) / 6,
  mish: (z) => z * Math.tanh(Math.log1p(Math.exp(z))),
};

it('every activation is its formula', async () => {
  const names = Object.keys(formulas) as Activation[];
  const ran = await bench.run({ given: [400] }, (g, { given }) =>
    Object.fromEntries(names.map((name) => [name, activate(g, given, name)])),
  );
  for (const name of names) {
    const expected = ran.numbers('given').map(formulas[name]);
    expect(largestError(ran.output(name), expected), name).toBeLessThan(close);
  }
});

describe('a linear', () => {
  const shape = { inputs, outputs: inner, bias: true };

  it('times a learned factor a channel costs what the linear costs', async () => {
    const ran = await bench.run({ x }, (g, given) => ({
      scaled: linearWith(g, given.x, scaleOutputs(g, linearWeights(g, 'up', shape), 'gamma'), 'up'),
    }));
    const plain = linearSlowly(
      toRows(ran.numbers('x'), inputs),
      toRows(ran.numbers('up.weight'), inputs),
      ran.numbers('up.bias'),
    );
    const gamma = ran.numbers('gamma');
    const expected = plain.flatMap((row) => row.map((number, channel) => number * gamma[channel]!));
    expect(largestError(ran.output('scaled'), expected)).toBeLessThan(close);
    expect(countFlops(ran.model, {})).toBe(2 * 6 * inputs * inner);
    expect(countParameters([ran.model])).toBe(inputs * inner + inner + inner);
    expect(ran.model.nodes.map(({ op }) => op)).toEqual(['FusedMatMul', 'Add', 'Identity']);
  });

  it('cut from a larger one gives some of its channels', async () => {
    const ran = await bench.run({ x }, (g, given) => ({
      some: linearWith(g, given.x, rowsOf(linearWeights(g, 'up', shape), 2, 3), 'up'),
    }));
    const whole = linearSlowly(
      toRows(ran.numbers('x'), inputs),
      toRows(ran.numbers('up.weight'), inputs),
      ran.numbers('up.bias'),
    );
    const expected = whole.flatMap((row) => row.slice(2, 5));
    expect(largestError(ran.output('some'), expected)).toBeLessThan(close);
  });
});

it('a feed-forward is plain, or gated by half of a matrix that both halves share', async () => {
  const ran = await bench.run({ x }, (g, given) => {
    const weights = (name: string, from: number, to: number) =>
      linearWeights(g, name, { inputs: from, outputs: to, bias: true });
    const both = weights('both', inputs, 2 * inner);
    const down = weights('down', inner, inputs);
    const gated = { gate: rowsOf(both, 0, inner), up: rowsOf(both, inner, inner), down };
    return {
      plain: plainFeedForwardWith(g, given.x, { up: weights('up', inputs, inner), down }, 'relu'),
      gated: gatedFeedForwardWith(g, given.x, gated, 'silu'),
    };
  });
  const layer = (name: string, rows: readonly (readonly number[])[]) => {
    const width = rows[0]?.length ?? 0;
    return linearSlowly(
      rows,
      toRows(ran.numbers(`${name}.weight`), width),
      ran.numbers(`${name}.bias`),
    );
  };
  const rows = toRows(ran.numbers('x'), inputs);
  const plain = layer(
    'down',
    layer('up', rows).map((row) => row.map(relu)),
  );
  expect(largestError(ran.output('plain'), plain.flat())).toBeLessThan(close);
  const opened = layer('both', rows).map((row) =>
    row.slice(0, inner).map((gate, channel) => silu(gate) * row[inner + channel]!),
  );
  expect(largestError(ran.output('gated'), layer('down', opened).flat())).toBeLessThan(close);
});
