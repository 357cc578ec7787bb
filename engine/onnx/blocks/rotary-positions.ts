/** Queries and keys turned by where their tokens stand. RoFormer (2104.09864). */
import { int, type GraphBuilder } from '../graph-builder.ts';
import type { Value } from '../value.ts';
import type { RotaryTable } from '../weight.ts';

/** Which channels are turned together: those half a turned part away (LLaMA), or neighbours (DeepSeek-V2). */
export type RotaryPairing = 'halves' | 'neighbours';

export interface Rotary {
  /** The first channels of each head, which turn; the rest pass through. */
  readonly size: number;
  readonly table: RotaryTable;
  readonly pairing: RotaryPairing;
}

/** [1, T, heads · headSize] → the same, turned by `positions` [1, T] int64; null turns nothing. */
export function turnHeads(
  g: GraphBuilder,
  x: Value,
  positions: Value,
  headCount: number,
  headSize: number,
  rotary: Rotary | null,
): Value {
  if (!rotary) return x;
  const table = (part: 'rotary-cosine' | 'rotary-sine') =>
    g.weight({
      kind: 'computed',
      shape: [rotary.table.rows, rotary.table.frequencies.length],
      of: { table: part, ...rotary.table },
    });
  return g.op('RotaryEmbedding', [x, positions, table('rotary-cosine'), table('rotary-sine')], x, {
    domain: 'com.microsoft',
    attributes: {
      num_heads: int(headCount),
      // 0 stands for the whole head.
      rotary_embedding_dim: int(rotary.size === headSize ? 0 : rotary.size),
      interleaved: int(rotary.pairing === 'neighbours' ? 1 : 0),
    },
  });
}
