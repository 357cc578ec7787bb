import { describe, expect, it } from 'vitest';
import { convolution } from '../onnx/blocks/convolution.ts';
import { linear } from '../onnx/blocks/linear.ts';
import { GraphBuilder } from '../onnx/graph-builder.ts';
import { add, gelu, matmul, multiply } from '../onnx/operators.ts';
import { scan } from '../onnx/scan.ts';
import type { WeightOrigin } from '../onnx/weight.ts';
import { startedOperators } from './started-operators.ts';

const origin: WeightOrigin = { node: 'test', source: { kind: 'random', seed: 0 }, layouts: [] };

const kindsOf = (g: GraphBuilder, dims: Readonly<Record<string, number>> = {}, takesMany = true) =>
  startedOperators({ model: g.finish(), dims, takesMany }).flatMap(({ sizes, times }) =>
    sizes.kind === 'Identity' ? [] : `${sizes.kind} ${times}`,
  );

describe('a call starts', () => {
  it('of a choice what it takes, and of a scan each step', () => {
    const g = new GraphBuilder();
    const x = g.input('x', 'float32', ['steps', 4]);
    const fused = g.input('fused', 'bool', []);
    const state = g.input('state', 'float32', [4]);
    const chosen = g.choose(
      fused,
      () => add(g, x, x),
      () => multiply(g, x, x),
    );
    const { outputs } = scan(g, { states: [state], slices: [chosen] }, ([held], [entry]) => {
      const next = add(g, held as typeof x, entry as typeof x);
      return { states: [next], outputs: [g.op('Exp', [next], next)] };
    });
    g.output('y', outputs[0] as typeof x);
    expect(kindsOf(g, { steps: 7 })).toEqual(['If 1', 'Add 1', 'Scan 1', 'Add 7', 'Exp 7']);
    expect(kindsOf(g, { steps: 7 }, false)).toContain('Mul 1');
  });

  it('what is left when a graph is prepared: no bias before an activation, none behind a convolution', () => {
    const g = new GraphBuilder();
    const x = g.input('x', 'float32', [1, 3, 8, 8]);
    const tokens = g.input('tokens', 'float32', [5, 16]);
    g.weightsFrom({ origin, blocks: null }, () => {
      const shape = { inputs: 3, outputs: 4, kernel: 1, bias: true };
      const map = convolution(g, x, 'conv', shape);
      g.output('map', g.op('Relu', [map], map));
      const wide = linear(g, tokens, 'up', { inputs: 16, outputs: 32, bias: true });
      g.output('wide', gelu(g, wide, 'tanh'));
    });
    expect(kindsOf(g)).toEqual(['Conv 1', 'FusedMatMul 1', 'FastGelu 1']);
  });

  it('operators with the sizes of the call', () => {
    const g = new GraphBuilder();
    const left = g.input('left', 'float32', [1, 'tokens', 8]);
    const right = g.input('right', 'float32', [1, 8, 'tokens']);
    g.output('scores', matmul(g, left, right));
    const [product] = startedOperators({ model: g.finish(), dims: { tokens: 5 }, takesMany: true });
    expect(product?.sizes).toEqual({
      kind: 'MatMul',
      inputs: [
        [1, 5, 8],
        [1, 8, 5],
      ],
      outputs: [[1, 5, 5]],
    });
  });
});
