/** SigLIP's pooling head: one learned query attends to all tokens, then a feed-forward with a residual. */
import { int, type GraphBuilder } from '../graph-builder.ts';
import { add } from '../operators.ts';
import type { Value } from '../value.ts';
import type { WeightExpression } from '../weight.ts';
import { plainFeedForward } from './feed-forward.ts';
import { linear, matrixProduct } from './linear.ts';
import { norm } from './norm.ts';
import type { VisionTransformerShape } from './vision-transformer.ts';

/** tokens [1, N, D] → [1, 1, D]. Source: transformers, models/siglip (SiglipMultiheadAttentionPoolingHead). */
export function attentionPooling(
  g: GraphBuilder,
  tokens: Value,
  name: string,
  shape: VisionTransformerShape,
): Value {
  return g.scope('pooling', () => {
    const { hiddenSize, headCount, normEpsilon } = shape;
    const probe = g.weight(g.tensor(`${name}.probe`, [1, 1, hiddenSize], 'embedding'));
    const query = inProjection(g, probe, name, hiddenSize, 0); // [1, 1, D]
    const key = inProjection(g, tokens, name, hiddenSize, 1); // [1, N, D]
    const value = inProjection(g, tokens, name, hiddenSize, 2);
    g.work(2 * hiddenSize, [tokens.shape[1] ?? 1]);
    const attended = g.op('MultiHeadAttention', [query, key, value], probe, {
      domain: 'com.microsoft',
      attributes: { num_heads: int(headCount) },
    });
    const projection = { inputs: hiddenSize, outputs: hiddenSize, bias: true };
    const pooled = linear(g, attended, `${name}.attention.out_proj`, projection);
    const normed = norm(g, pooled, `${name}.layernorm`, { kind: 'layer', epsilon: normEpsilon });
    const names = { up: `${name}.mlp.fc1`, down: `${name}.mlp.fc2` };
    return add(g, pooled, plainFeedForward(g, normed, names, { ...shape, bias: true }));
  });
}

/** The part-th third of a joined query, key and value projection. */
function inProjection(
  g: GraphBuilder,
  x: Value,
  name: string,
  hiddenSize: number,
  part: number,
): Value {
  const rows = { start: part * hiddenSize, count: hiddenSize };
  const weight = g.tensor(
    `${name}.attention.in_proj_weight`,
    [3 * hiddenSize, hiddenSize],
    'matrix',
  );
  const bias = g.tensor(`${name}.attention.in_proj_bias`, [3 * hiddenSize], 'bias');
  const cut = (of: WeightExpression): WeightExpression => ({ kind: 'rows', of, ...rows });
  return matrixProduct(g, x, cut(weight), cut(bias));
}
