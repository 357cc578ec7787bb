/**
 * The memory of RWKV-5 and 6 (arxiv.org/abs/2404.05892): each head holds a matrix in which values are found under keys,
 * and whose rows fade at rates of their own.
 */
import { float, int, text, type GraphBuilder } from '../graph-builder.ts';
import { add, matmul, multiply, sum } from '../operators.ts';
import { concatenate, reshape, slice } from '../shape-operators.ts';
import { fixedDim, oneLess, type Dim, type Value } from '../value.ts';

export interface FadingMemoryInput {
  /** What is asked for, under what is remembered, and what. [B, T, heads · d] each */
  readonly query: Value;
  readonly key: Value;
  readonly value: Value;
  /** Logarithm of what each row of the memory keeps at a token, never above 0. [B, T, heads · d] */
  readonly logDecay: Value;
  /** How much of a token's own value it reads, by key channel. [heads · d] */
  readonly bonus: Value;
}

/**
 * For each token and head: y = q (S + diag(bonus) k vᵀ), then S = diag(exp(logDecay)) S + k vᵀ.
 * `past` is S before the first token, [B, heads, d, d], rows by key channel. → output [B, T, heads · d], state as `past`.
 *
 * ONNX Runtime's operator reads S after a token is written to it. So it is asked one token later: at each token for what
 * the next one wants to know, and the first token reads `past` itself. What the operator is asked last is not used.
 */
export function fadingMemory(
  g: GraphBuilder,
  { query, key, value, logDecay, bonus }: FadingMemoryInput,
  past: Value,
): { readonly output: Value; readonly state: Value } {
  const [count, heads, size] = past.shape as readonly [Dim, number, number, number];
  const [, length] = query.shape as readonly [Dim, Dim, Dim];
  const rest = oneLess(length);
  const first = slice(g, query, 1, g.list(0), g.list(1), 1); // [B, 1, heads · d]
  const others = slice(g, query, 1, g.list(1), g.list(Number.MAX_SAFE_INTEGER), rest);
  const asked = concatenate(g, [others, first], 1, length);
  g.work(3 * size * fixedDim(query, 2), [count, length]);
  const [answers, state] = g.ops(
    'LinearAttention',
    [asked, key, value, past, logDecay],
    [query, past],
    {
      domain: 'com.microsoft',
      attributes: {
        update_rule: text('gated'),
        q_num_heads: int(heads),
        kv_num_heads: int(heads),
        scale: float(1),
      },
    },
  ) as [Value, Value];
  const ofPast = matmul(g, reshape(g, first, [count, heads, 1, size]), past); // [B, heads, 1, d]
  const read = concatenate(
    g,
    [
      reshape(g, ofPast, [count, 1, heads * size]),
      slice(g, answers, 1, g.list(0), g.list(-1), rest),
    ],
    1,
    length,
  );
  const byHead = [count, length, heads, size];
  const match = sum(g, reshape(g, multiply(g, multiply(g, query, bonus), key), byHead), 3, true); // [B, T, heads, 1]
  const own = reshape(g, multiply(g, match, reshape(g, value, byHead)), query.shape);
  return { output: add(g, read, own), state };
}
