/** SigLIP's pooling head: one learned query attends to all tokens, then a feed-forward with a residual. */
import type { GraphBuilder } from '../graph-builder.ts';
import { add } from '../operators.ts';
import { repeatAs } from '../shape-operators.ts';
import type { Value } from '../value.ts';
import { attend } from './attention.ts';
import { allBiased, projectAll, separateProjections } from './attention-projections.ts';
import { plainFeedForward, type FeedForwardShape } from './feed-forward.ts';
import { linear } from './linear.ts';
import { norm } from './norm.ts';

/** tokens [B, N, D] → [B, 1, D]. Source: transformers, models/siglip (SiglipMultiheadAttentionPoolingHead). */
export function attentionPooling(
  g: GraphBuilder,
  tokens: Value,
  name: string,
  shape: Omit<FeedForwardShape, 'bias'> & {
    readonly headCount: number;
    readonly normEpsilon: number;
  },
): Value {
  return g.scope('pooling', () => {
    const { hiddenSize, headCount, normEpsilon } = shape;
    const learned = g.weight(g.tensor(`${name}.probe`, [1, 1, hiddenSize], 'embedding'));
    const probe = repeatAs(g, learned, 0, tokens, 0); // [B, 1, D]
    const names = {
      query: `${name}.attention.query`,
      key: `${name}.attention.key`,
      value: `${name}.attention.value`,
    };
    const heads = { hiddenSize, headCount };
    const projections = separateProjections(g, names, heads, allBiased);
    const projected = projectAll(g, probe, tokens, projections);
    const attended = attend(g, projected, heads); // [B, 1, D]
    const projection = { inputs: hiddenSize, outputs: hiddenSize, bias: true };
    const pooled = linear(g, attended, `${name}.attention.out_proj`, projection);
    const normed = norm(g, pooled, `${name}.layernorm`, { kind: 'layer', epsilon: normEpsilon });
    const layers = { up: `${name}.mlp.fc1`, down: `${name}.mlp.fc2` };
    return add(g, pooled, plainFeedForward(g, normed, layers, { ...shape, bias: true }));
  });
}
