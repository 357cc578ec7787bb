/** Queries and keys of a language model turned by the positions of their tokens (RoFormer, arXiv 2104.09864). */
import { int, type GraphBuilder } from '../graph-builder.ts';
import type { Value } from '../value.ts';
import type { RotaryTable, WeightExpression } from '../weight.ts';

export interface RotaryPositions {
  /** Channels of a head that turn. */
  readonly size: number;
  /** One below the other: a position counts on from one table into the next. */
  readonly tables: readonly [RotaryTable, ...RotaryTable[]];
}

interface Turning {
  readonly headSize: number;
  /** Null where positions turn nothing. */
  readonly rotary: RotaryPositions | null;
}

/** [1, T, heads · d] → [1, T, heads · d], the first channels of each head turned by their positions. */
export function turnHeads(
  g: GraphBuilder,
  x: Value,
  positions: Value,
  headCount: number,
  { headSize, rotary }: Turning,
): Value {
  if (!rotary) return x;
  const table = (part: 'rotary-cosine' | 'rotary-sine') => {
    const [first, ...others] = rotary.tables.map((of): WeightExpression => ({
      kind: 'computed',
      shape: [of.rows, of.frequencies.length],
      of: { table: part, ...of },
    }));
    const all = [first as WeightExpression, ...others];
    return g.weight(others.length === 0 ? all[0]! : { kind: 'concatenate', parts: all });
  };
  return g.op('RotaryEmbedding', [x, positions, table('rotary-cosine'), table('rotary-sine')], x, {
    domain: 'com.microsoft',
    attributes: {
      num_heads: int(headCount),
      // 0 stands for the whole head.
      rotary_embedding_dim: int(rotary.size === headSize ? 0 : rotary.size),
    },
  });
}
