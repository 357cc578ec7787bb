/** What generations 5 and 6 share: heads with a matrix of memory each, their norm, their gate. Source: 2404.05892. */
import { fadingMemory } from '#engine/onnx/blocks/fading-memory.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { normWith } from '#engine/onnx/blocks/norm.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { multiply, quickGelu } from '#engine/onnx/operators.ts';
import { reshape } from '#engine/onnx/shape-operators.ts';
import type { Dim, Value } from '#engine/onnx/value.ts';
import type { WeightExpression } from '#engine/onnx/weight.ts';
import type { RwkvArchitecture } from './rwkv-architecture.ts';
import type { TimeMix } from './rwkv-time-mix.ts';

export const headCountOf = ({ attentionSize, headSize }: RwkvArchitecture): number =>
  attentionSize / headSize;

export const matrixState: TimeMix['state'] = (architecture) => {
  const { headSize } = architecture;
  return [{ name: 'memory', shape: [1, headCountOf(architecture), headSize, headSize] }];
};

/** Already mixed with the token before, [B, T, D] each, and how memories fade, [B, T, A]. */
export interface HeadInput {
  readonly receptance: Value;
  readonly key: Value;
  readonly value: Value;
  readonly gate: Value;
  readonly logDecay: Value;
}

export function emitMatrixHeads(
  g: GraphBuilder,
  { logDecay, ...inputs }: HeadInput,
  name: string,
  architecture: RwkvArchitecture,
  past: Value,
): ReturnType<TimeMix['emit']> {
  const { hiddenSize, attentionSize, headSize } = architecture;
  const projected = (projection: keyof typeof inputs): Value =>
    linear(g, inputs[projection], `${name}.${projection}`, {
      inputs: hiddenSize,
      outputs: attentionSize,
      bias: false,
    }); // [B, T, A]
  const [query, key, value] = [projected('receptance'), projected('key'), projected('value')];
  const gate = quickGelu(g, projected('gate'), 1);
  const stored = g.tensor(`${name}.time_faaaa`, [headCountOf(architecture), headSize], 'bias');
  const bonus = g.weight({ kind: 'reshape', of: stored, shape: [attentionSize] });
  const memory = g.scope('memory', () =>
    fadingMemory(g, { query, key, value, logDecay, bonus }, past),
  );
  const normed = headNorm(g, memory.output, `${name}.ln_x`, architecture);
  const output = linear(g, multiply(g, normed, gate), `${name}.output`, {
    inputs: attentionSize,
    outputs: hiddenSize,
    bias: false,
  });
  return { output, state: [memory.state] };
}

/** Each head has a mean and a variance of its own, each channel a factor and a shift. x [B, T, A] → the same */
function headNorm(g: GraphBuilder, x: Value, name: string, architecture: RwkvArchitecture): Value {
  const { attentionSize, headSize, headNormEpsilon: epsilon } = architecture;
  const heads = [headCountOf(architecture), headSize];
  const byHead = (part: 'weight' | 'bias', init: 'norm' | 'bias'): Value => {
    const of: WeightExpression = g.tensor(`${name}.${part}`, [attentionSize], init);
    return g.weight({ kind: 'reshape', of, shape: heads });
  };
  const [count, length] = x.shape as readonly [Dim, Dim, number];
  const rows = reshape(g, x, [count, length, ...heads]); // [B, T, heads, d]
  const [weight, bias] = [byHead('weight', 'norm'), byHead('bias', 'bias')];
  return reshape(g, normWith(g, rows, weight, bias, { kind: 'layer', epsilon }), x.shape);
}
