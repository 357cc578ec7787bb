import { describe, expect, it } from 'vitest';
import { allBiased, separateProjections } from '../onnx/blocks/attention-projections.ts';
import { attend } from '../onnx/blocks/attention.ts';
import { plainFeedForward } from '../onnx/blocks/feed-forward.ts';
import { transformerLayers } from '../onnx/blocks/vision-transformer.ts';
import { linear, linearWeights } from '../onnx/blocks/linear.ts';
import { GraphBuilder, type WeightSetting } from '../onnx/graph-builder.ts';
import { add, multiply } from '../onnx/operators.ts';
import { concatenate, reshape } from '../onnx/shape-operators.ts';
import type { Value } from '../onnx/value.ts';
import type { WeightOrigin } from '../onnx/weight.ts';
import { countFlops, countParameters, peakActivationBytes, weightBytes } from './model-cost.ts';

const origin: WeightOrigin = { node: 'test', source: { kind: 'random', seed: 0 }, layouts: [] };

/** y = x Wᵀ + b from 40 channels to 6. */
function linearModel(blocks: WeightSetting['blocks'], roundsTokens = false) {
  const g = new GraphBuilder();
  const x = g.input('x', 'float32', [1, 'tokens', 40]);
  const shape = { inputs: 40, outputs: 6, bias: true };
  g.output(
    'y',
    g.weightsFrom({ origin, blocks, roundsTokens }, () => linear(g, x, 'layer', shape)),
  );
  return g.finish();
}

describe('by hand', () => {
  it('a linear layer has its weights and bias, and two operations a weight and token', () => {
    const model = linearModel(null);
    expect(countParameters([model])).toBe(6 * 40 + 6);
    expect(countFlops(model, { tokens: 10 })).toBe(2 * 10 * 6 * 40);
    expect(weightBytes(model)).toBe(4 * (6 * 40 + 6));
    expect(() => countFlops(model, {})).toThrow('The dimension "tokens" has no size.');
  });

  it('blocks store whole bytes a block and a scale, the bias stays float32', () => {
    // 40 columns are two blocks of 32: 16 bytes of 4-bit codes and 4 of scale, each.
    expect(weightBytes(linearModel({ bits: 4, blockSize: 32 }))).toBe(6 * 2 * (16 + 4) + 6 * 4);
    expect(weightBytes(linearModel({ bits: 8, blockSize: 32 }))).toBe(6 * 2 * (32 + 4) + 6 * 4);
    expect(weightBytes(linearModel({ bits: 4, blockSize: 128 }))).toBe(6 * (64 + 4) + 6 * 4);
    expect(countParameters([linearModel({ bits: 4, blockSize: 32 })])).toBe(6 * 40 + 6);
  });

  it('by channel, a code a weight and a scale an output are stored, and the work is that of float32', () => {
    const model = linearModel({ bits: 8, blockSize: 32 }, true);
    expect(weightBytes(model)).toBe(6 * 40 + 6 * 4 + 6 * 4);
    expect(countParameters([model])).toBe(6 * 40 + 6);
    expect(model.work).toEqual(linearModel(null).work);
  });

  it('a transformer block has four projections, two products of attention and a feed-forward', () => {
    const [tokens, hidden, inner] = [5, 8, 16];
    const g = new GraphBuilder();
    const x = g.input('x', 'float32', [1, tokens, hidden]);
    const heads = { hiddenSize: hidden, headCount: 2 };
    const square = { inputs: hidden, outputs: hidden, bias: true };
    const names = { query: 'query', key: 'key', value: 'value' };
    const inside = {
      hiddenSize: hidden,
      feedForwardSize: inner,
      activation: 'gelu',
      bias: true,
    } as const;
    g.weightsFrom({ origin, blocks: null }, () => {
      const layer = {
        attentionNorm: 'norm1',
        feedForwardNorm: 'norm2',
        attention: {
          ...heads,
          projections: separateProjections(g, names, heads, allBiased),
          output: linearWeights(g, 'output', square),
        },
        feedForward: (_: GraphBuilder, normed: Value) =>
          plainFeedForward(g, normed, { up: 'up', down: 'down' }, inside),
      };
      const wanted = { norm: { kind: 'layer', epsilon: 1e-5 }, count: 1, queryKey: false } as const;
      g.output('y', transformerLayers(g, x, [layer, layer], wanted));
    });
    const projections = 4 * tokens * hidden * hidden;
    const attention = 2 * tokens * tokens * hidden; // q kᵀ and its product with v, over all heads
    const feedForward = 2 * tokens * hidden * inner;
    const model = g.finish();
    expect(countFlops(model, {})).toBe(2 * (projections + attention + feedForward));
    const norms = 2 * 2 * hidden;
    const biases = 4 * hidden + inner + hidden;
    expect(countParameters([model])).toBe(
      4 * hidden * hidden + 2 * hidden * inner + norms + biases,
    );
  });

  it('a tensor that two graphs or two places share counts once, and is stored for each graph', () => {
    const share = () => {
      const g = new GraphBuilder();
      g.weightsFrom({ origin: { ...origin }, blocks: null }, () => {
        const table = g.tensor('table', [10, 4], 'embedding');
        g.output('all', g.weight(table));
        g.output('some', g.weight({ kind: 'rows', of: table, start: 0, count: 5 }));
      });
      return g.finish();
    };
    const models = [share(), share()];
    expect(countParameters(models)).toBe(40);
    expect(models.map(weightBytes)).toEqual([4 * 60, 4 * 60]);
  });
});

describe('the most memory that activations take at once', () => {
  const kilobytes = (model: ReturnType<GraphBuilder['finish']>, tokens: number) =>
    peakActivationBytes(model, { tokens, other: 1 }) / 1000;

  /** x is 1 kB a token. */
  function graph(body: (g: GraphBuilder, x: ReturnType<GraphBuilder['input']>) => void) {
    const g = new GraphBuilder();
    body(g, g.input('x', 'float32', ['tokens', 250]));
    return g.finish();
  }

  it('is that of the operator with the largest inputs and outputs, and what is needed later', () => {
    const model = graph((g, x) => {
      const doubled = add(g, x, x); // x and doubled: 2 kB, x is needed below
      const wide = concatenate(g, [doubled, doubled], 1, 500); // x, doubled, wide: 4 kB
      const squared = multiply(g, wide, wide); // x, wide, squared: 5 kB
      const [half] = g.ops(
        'Split',
        [squared],
        [
          { type: 'float32', shape: ['tokens', 250] }, // x, squared, two halves: 5 kB
          { type: 'float32', shape: ['tokens', 250] },
        ],
      );
      g.output('y', add(g, half!, x)); // 3 kB
    });
    expect(kilobytes(model, 1)).toBe(5);
    expect(kilobytes(model, 7)).toBe(35);
  });

  it('does not count another view of the same numbers, and counts an output until the end', () => {
    const model = graph((g, x) => {
      const early = add(g, x, x);
      g.output('early', early);
      const view = reshape(g, early, ['tokens', 10, 25]);
      const last = multiply(g, view, view); // early and last: 2 kB
      g.output('y', multiply(g, last, last)); // early, last and their product: 3 kB
    });
    expect(kilobytes(model, 1)).toBe(3);
  });

  it('copies what is given out and is only another view', () => {
    const model = graph((g, x) => {
      const sum = add(g, x, x);
      g.output('y', reshape(g, sum, ['tokens', 10, 25])); // x, the sum and its copy
    });
    expect(kilobytes(model, 1)).toBe(2);
  });

  it('holds copies of what attention reads, and all its scores where some are added to', () => {
    const attending = (biased: boolean) =>
      graph((g, x) => {
        const each = reshape(g, x, [1, 'tokens', 250]);
        const heads = { query: each, key: each, value: each };
        const bias = biased ? g.input('bias', 'float32', [1, 'tokens', 'tokens']) : null;
        g.output('y', attend(g, heads, { headCount: 5 }, { bias }));
      });
    const tokens = 100;
    // x and what is mixed, with three copies of x.
    expect(kilobytes(attending(false), tokens)).toBe(5 * tokens);
    const scoreBytes = 4 * 5 * tokens * tokens;
    const biasBytes = 4 * tokens * tokens;
    expect(kilobytes(attending(true), tokens)).toBe(6 * tokens + (scoreBytes + biasBytes) / 1000);
  });

  it('takes a choice for its first branch', () => {
    const model = graph((g, x) => {
      const condition = g.scalar('bool', 1);
      const y = g.choose(
        condition,
        () => {
          const wide = concatenate(g, [x, x, x], 1, 750); // x and wide: 4 kB
          return g.op('Slice', [wide, g.list(0), g.list(250), g.list(1)], x);
        },
        () => add(g, x, x),
      );
      g.output('y', y);
    });
    expect(kilobytes(model, 1)).toBe(5); // x, wide and what is cut from it
  });
});
