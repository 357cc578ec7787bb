import { describe, expect, it } from 'vitest';
import { GraphBuilder } from './graph-builder.ts';
import { BudgetSpent, OperatorBudget } from './operator-budget.ts';
import { add, multiply } from './operators.ts';
import type { Value } from './value.ts';
import { layoutWeights } from './weight-layout.ts';
import type { WeightOrigin } from './weight.ts';

const origin: WeightOrigin = { node: 'test', source: { kind: 'random', seed: 0 }, layouts: [] };

function vectorGraph(): { g: GraphBuilder; x: Value } {
  const g = new GraphBuilder();
  return { g, x: g.input('x', 'float32', [4]) };
}

describe('names', () => {
  it('tell the scope, and stay unique through scopes, branches, weights and outputs', () => {
    const { g, x } = vectorGraph();
    const condition = g.input('condition', 'bool', []);
    const input = g.input('Add', 'float32', [4]); // the name that an operator would have
    let y = add(g, x, input);
    for (let layer = 0; layer < 2; layer++) {
      y = g.scope(`layers.${layer}`, () => {
        const doubled = g.scope('mlp', () => add(g, y, y));
        const again = g.scope('mlp', () => add(g, doubled, y));
        return g.choose(
          condition,
          () => multiply(g, again, again),
          () => add(g, again, again),
        );
      });
    }
    g.weightsFrom({ origin, blocks: null }, () => {
      for (const shape of [[4], [2, 4]]) y = add(g, y, g.weight(g.tensor('w', shape, 'norm')));
    });
    g.output('y', y);
    const { nodes, weights, outputs } = g.finish();
    expect(nodes.map(({ name }) => name)).toEqual([
      'Add.2',
      'layers.0/mlp/Add',
      'layers.0/mlp/Add.2',
      'layers.0/If',
      'layers.1/mlp/Add',
      'layers.1/mlp/Add.2',
      'layers.1/If',
      'Add.3',
      'Add.4',
      'Identity/y',
    ]);
    const branches = nodes.flatMap(({ attributes }) =>
      Object.values(attributes).flatMap((value) => ('graph' in value ? value.graph.nodes : [])),
    );
    expect(branches.map(({ name }) => name)).toEqual([
      'layers.0/then/Mul',
      'layers.0/else/Add',
      'layers.1/then/Mul',
      'layers.1/else/Add',
    ]);
    expect(weights.flatMap(({ initializers }) => initializers.map(({ name }) => name))).toEqual([
      'w',
      'w.2',
    ]);
    expect(outputs).toEqual([{ name: 'y', type: 'float32', shape: [2, 4] }]);
  });

  it('of inputs and outputs are promises to whoever runs the graph, so two cannot be one', () => {
    const { g, x } = vectorGraph();
    g.output('y', x);
    for (const name of ['x', 'y']) {
      expect(() => g.output(name, x)).toThrow(`The graph has two values named "${name}".`);
      expect(() => g.input(name, 'float32', [])).toThrow('two values');
    }
  });

  it('go back to what they were where a body throws', () => {
    const { g, x } = vectorGraph();
    const failing = () =>
      g.scope('inner', () => {
        throw new Error('on purpose');
      });
    expect(failing).toThrow('on purpose');
    expect(add(g, x, x).name).toBe('Add');
  });
});

describe('a weight', () => {
  it('asked for twice is stored once, and in two formats twice', () => {
    const { g } = vectorGraph();
    const blocks = { bits: 4, blockSize: 32 } as const;
    g.weightsFrom({ origin, blocks }, () => {
      const weight = () => g.tensor('layer.weight', [3, 40], 'matrix');
      expect(g.weight(weight())).toBe(g.weight(weight()));
      expect(g.blockWeight(weight(), blocks)).toEqual(g.blockWeight(weight(), blocks));
      g.blockWeight(weight(), { bits: 8, blockSize: 32 });
      g.weight({ kind: 'rows', of: weight(), start: 1, count: 2 });
      g.weight({ kind: 'concatenate', parts: [weight(), g.tensor('other', [1, 40], 'matrix')] });
    });
    const model = g.finish();
    const stored = model.weights.flatMap(({ initializers }) => initializers);
    expect(stored.map(({ name, shape }) => `${name} [${shape.join(', ')}]`)).toEqual([
      'layer.weight [3, 40]',
      'layer.weight.2.codes [3, 2, 16]', // two blocks of 32 for 40 columns, two codes a byte
      'layer.weight.2.scales [3, 2]',
      'layer.weight.3.codes [3, 2, 32]',
      'layer.weight.3.scales [3, 2]',
      'layer.weight[1] [2, 40]',
      'layer.weight+other [4, 40]',
    ]);
    const { places, totalBytes } = layoutWeights(model);
    expect([...places.values()].map(({ offset }) => offset % 4096)).toEqual(stored.map(() => 0));
    expect(totalBytes).toBe(6 * 4096 + 4 * 40 * 4);
  });

  it('comes from where the innermost scope says', () => {
    const { g } = vectorGraph();
    const other: WeightOrigin = { ...origin, node: 'part' };
    const originOf = () => {
      const expression = g.tensor('w', [1], 'bias');
      return expression.kind === 'tensor' ? expression.origin : null;
    };
    const origins = g.weightsFrom({ origin, blocks: null }, () => [
      originOf(),
      g.weightsFrom({ origin: other, blocks: { bits: 8, blockSize: 32 } }, () => {
        expect(g.blocks).toEqual({ bits: 8, blockSize: 32 });
        return originOf();
      }),
      originOf(),
    ]);
    expect(origins).toEqual([0, 1, 0]);
    expect(g.finish().origins).toEqual([origin, other]);
    expect(originOf).toThrow('The weight "w" is named outside weightsFrom.');
  });
});

describe('what a body must not do', () => {
  it.each<[string, (g: GraphBuilder, x: Value) => unknown, string]>([
    [
      'hide a large table in a constant',
      (g) => g.constant('float32', [5000], Array(5000).fill(0)),
      'A constant of 5000 numbers belongs into the weights.',
    ],
    [
      'give a constant more numbers than it holds',
      (g) => g.constant('int64', [2], [1, 2, 3]),
      '3 numbers do not fill a constant [2].',
    ],
    [
      'choose between values of two shapes',
      (g, x) =>
        g.choose(
          g.scalar('bool', 1),
          () => add(g, x, x),
          () => g.scalar('float32', 0),
        ),
      'are not of the same type and shape',
    ],
    ['ask for a tap that nobody set', (g) => g.tapped('scores'), 'The graph has no tap "scores".'],
    [
      'cut the rows of a table into broken blocks',
      (g) => g.blockTable(g.tensor('table', [2, 40], 'embedding'), { bits: 4, blockSize: 32 }),
      'Rows of 40 are no whole number of blocks of 32.',
    ],
  ])('is to %s', (_, build, says) => {
    const { g, x } = vectorGraph();
    expect(() => g.weightsFrom({ origin, blocks: null }, () => build(g, x))).toThrow(says);
  });
});

it('arithmetic is counted by scope, and that inside a choice by whoever chooses', () => {
  const { g, x } = vectorGraph();
  g.scope('outer', () => g.work(6, ['sequence']));
  g.choose(
    g.scalar('bool', 1),
    () => {
      g.work(1000);
      return add(g, x, x);
    },
    () => add(g, x, x),
  );
  expect(g.finish().work).toEqual([{ scope: 'outer', multiplyAdds: 6, dims: ['sequence'] }]);
});

it('operators that share a budget are counted in all graphs and branches, up to the last that is left', () => {
  const budget = new OperatorBudget(4);
  const [one, other] = [new GraphBuilder(budget), new GraphBuilder(budget)];
  const x = one.input('x', 'float32', [4]);
  const condition = one.input('condition', 'bool', []);
  one.choose(
    condition,
    () => add(one, x, x),
    () => multiply(one, x, x),
  );
  const y = other.input('y', 'float32', [4]);
  add(other, y, y);
  expect(() => add(other, y, y)).toThrow(BudgetSpent);
  expect(other.finish().nodes).toHaveLength(1);
});
