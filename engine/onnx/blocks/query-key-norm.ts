/** Norms of queries and keys, before positions turn them. */
import type { GraphBuilder } from '../graph-builder.ts';
import { multiply } from '../operators.ts';
import { reshape } from '../shape-operators.ts';
import type { Dim, Value } from '../value.ts';
import type { WeightExpression } from '../weight.ts';
import { normHeads } from './attention-heads.ts';
import { norm, normWith, type NormKind } from './norm.ts';

/**
 * `shared-layer`: one LayerNorm for all heads (Phi); `head-layer`: a LayerNorm weight for every head, no bias
 * (StableLM-2 12B); `head-rms`: one RMSNorm for all heads (Qwen3, Gemma 3); `whole-rms`: an RMSNorm over all heads
 * together (OLMo 2).
 */
export type QueryKeyNorm = 'none' | 'shared-layer' | 'head-layer' | 'head-rms' | 'whole-rms';

export interface QueryKeyNormShape {
  readonly queryKeyNorm: QueryKeyNorm;
  readonly headSize: number;
  /** The norm of tokens, which an RMSNorm of heads is like. */
  readonly norm: NormKind;
  readonly normEpsilon: number;
}

/** [1, T, heads · d] → [1, T, heads · d] */
export function normQueryKey(
  g: GraphBuilder,
  x: Value,
  name: string,
  headCount: number,
  { queryKeyNorm, headSize, norm: tokens, normEpsilon: epsilon }: QueryKeyNormShape,
): Value {
  const rms = tokens === 'rms-one-plus' ? tokens : 'rms';
  switch (queryKeyNorm) {
    case 'none':
      return x;
    case 'shared-layer':
      return normHeads(g, x, headSize, name, { kind: 'layer', epsilon });
    case 'head-rms':
      return normHeads(g, x, headSize, name, { kind: rms, epsilon });
    case 'whole-rms':
      return norm(g, x, name, { kind: rms, epsilon });
    case 'head-layer':
      return normEachHead(g, x, name, headCount, headSize, epsilon);
  }
}

/** A LayerNorm over the channels of each head, which has a weight [d] of its own. */
function normEachHead(
  g: GraphBuilder,
  x: Value,
  name: string,
  headCount: number,
  headSize: number,
  epsilon: number,
): Value {
  const heads = reshape(g, x, [1, x.shape[1] as Dim, headCount, headSize]);
  const ones = g.constant(
    'float32',
    [headSize],
    Array.from({ length: headSize }, () => 1),
  );
  const plain = normWith(g, heads, ones, null, { kind: 'layer-no-bias', epsilon });
  const weights: WeightExpression = {
    kind: 'reshape',
    of: {
      kind: 'concatenate',
      parts: Array.from({ length: headCount }, (_, head) =>
        g.tensor(`${name}.norms.${head}.weight`, [headSize], 'norm'),
      ),
    },
    shape: [headCount, headSize],
  };
  return reshape(g, multiply(g, plain, g.weight(weights)), x.shape);
}
