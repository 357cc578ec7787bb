/** Multihead attention blocks of the Set Transformer: queries look at a set, in any order, and keep what they were. */
import type { GraphBuilder } from '../graph-builder.ts';
import { repeatAs } from '../shape-operators.ts';
import { fixedDim, type Value } from '../value.ts';
import { attend } from './attention.ts';
import { projectAll, separateProjections } from './attention-projections.ts';
import { activate } from './feed-forward.ts';
import { linear } from './linear.ts';
import { normOfSum } from './norm.ts';
import { add } from '../operators.ts';

export interface SetAttentionShape {
  /** Channels out. */
  readonly width: number;
  readonly headCount: number;
  /** Is there a LayerNorm behind each residual? */
  readonly norms: boolean;
}

const normKind = { kind: 'layer', epsilon: 1e-5 } as const;

/**
 * O = Q + softmax(Q Kᵀ / √D) V, then O + relu(W O); Q are the queries as projected, and D is the whole width, not
 * that of a head. Names: `<name>.fc_q`, `fc_k`, `fc_v`, `fc_o`, and the norms `ln0`, `ln1`.
 * asking [B, Nq, Dq], asked [B, N, Dk] → [B, Nq, D]
 * Source: Set Transformer (1810.00825), MAB; juho-lee/set_transformer/modules.py.
 */
export function setAttention(
  g: GraphBuilder,
  asking: Value,
  asked: Value,
  name: string,
  { width, headCount, norms }: SetAttentionShape,
): Value {
  const own = (part: string): string => (name === '' ? part : `${name}.${part}`);
  const heads = {
    hiddenSize: fixedDim(asking, -1),
    memorySize: fixedDim(asked, -1),
    headCount,
    headSize: width / headCount,
  };
  const names = { query: own('fc_q'), key: own('fc_k'), value: own('fc_v') };
  const biases = { query: true, key: true, value: true };
  return g.scope(name === '' ? 'mab' : name, () => {
    const projections = separateProjections(g, names, heads, biases);
    const projected = projectAll(g, asking, asked, projections);
    const attended = attend(g, projected, heads, { scale: width ** -0.5 }); // [B, Nq, D]
    const close = (x: Value, branch: Value, normName: string): Value =>
      norms ? normOfSum(g, x, branch, own(normName), normKind) : add(g, x, branch);
    const seen = close(projected.query, attended, 'ln0');
    const square = { inputs: width, outputs: width, bias: true };
    return close(seen, activate(g, linear(g, seen, own('fc_o'), square), 'relu'), 'ln1');
  });
}

/** A few learned rows `name` [count, width], for every picture: [B, count, width], B as of `like`. */
export function learnedRows(
  g: GraphBuilder,
  name: string,
  count: number,
  width: number,
  like: Value,
): Value {
  const of = g.tensor(name, [count, width], 'embedding');
  return repeatAs(g, g.weight({ kind: 'reshape', of, shape: [1, count, width] }), 0, like, 0);
}
