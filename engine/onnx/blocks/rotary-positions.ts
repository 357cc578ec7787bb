/** Queries and keys turned by where their tokens stand. RoFormer (2104.09864), Qwen2-VL (2409.12191). */
import { int, type GraphBuilder } from '../graph-builder.ts';
import { concatenate, gather } from '../shape-operators.ts';
import type { Value } from '../value.ts';
import type { RotaryTable, WeightExpression } from '../weight.ts';

/** Which channels are turned together: those half a turned part away (LLaMA), or neighbours (DeepSeek-V2). */
export type RotaryPairing = 'halves' | 'neighbours';

export interface Rotary {
  /** The first channels of each head, which turn; the rest pass through. */
  readonly size: number;
  /** One below the other: a position counts on from one table into the next. */
  readonly tables: readonly [RotaryTable, ...RotaryTable[]];
  readonly pairing: RotaryPairing;
  /** How many pairs each part of a position turns, one part after the other; null where positions have one. */
  readonly sections: readonly number[] | null;
}

/** What tokens at certain positions are turned by. */
export interface Turning extends Pick<Rotary, 'size' | 'pairing'> {
  /** Rows of the waves: [1, T] int64, or [1], from which they are counted. */
  readonly positions: Value;
  /** [rows, pairs] */
  readonly cosine: Value;
  readonly sine: Value;
}

/** `positions` [parts, T] int64, one part or as many as sections. */
function turningAt(g: GraphBuilder, positions: Value, rotary: Rotary): Turning {
  const { size, pairing, sections, tables } = rotary;
  const wave = (part: 'rotary-cosine' | 'rotary-sine', from: number, count: number): Value => {
    const parts = tables.map(({ rows, frequencies, scale }): WeightExpression => ({
      kind: 'computed',
      shape: [rows, count],
      of: { table: part, rows, frequencies: frequencies.slice(from, from + count), scale },
    }));
    return g.weight(parts.length === 1 ? parts[0]! : { kind: 'concatenate', parts });
  };
  const pairs = tables[0].frequencies.length;
  if (!sections) {
    const [cosine, sine] = [wave('rotary-cosine', 0, pairs), wave('rotary-sine', 0, pairs)];
    return { size, pairing, positions, cosine, sine };
  }
  const starts = sections.map((_, part) => sections.slice(0, part).reduce((sum, n) => sum + n, 0));
  const places = sections.map((_, part) => gather(g, positions, g.scalar('int64', part), 0)); // [T]
  const waves = (part: 'rotary-cosine' | 'rotary-sine'): Value => {
    const found = sections.map((count, index) =>
      gather(g, wave(part, starts[index] as number, count), places[index] as Value, 0),
    );
    return concatenate(g, found, 1, pairs); // [T, pairs]
  };
  const [cosine, sine] = [waves('rotary-cosine'), waves('rotary-sine')];
  // Each token has a row of its own, so they are counted from the first.
  return { size, pairing, positions: g.list(0), cosine, sine };
}

/**
 * As many layers turn alike, what turns them is built once for the tokens that they share. `placed` tells where the
 * tables count positions.
 */
export function turnings(
  g: GraphBuilder,
  placed: (positions: Value) => Value,
): (positions: Value, rotary: Rotary | null) => Turning | null {
  const last = new Map<Rotary, { readonly positions: Value; readonly turning: Turning }>();
  return (positions, rotary) => {
    if (!rotary) return null;
    const known = last.get(rotary);
    if (known?.positions === positions) return known.turning;
    const turning = turningAt(g, placed(positions), rotary);
    last.set(rotary, { positions, turning });
    return turning;
  };
}

/** [1, T, heads · headSize] → the same; null turns nothing. */
export function turnHeads(
  g: GraphBuilder,
  x: Value,
  headCount: number,
  headSize: number,
  turning: Turning | null,
): Value {
  if (!turning) return x;
  const { size, pairing, positions, cosine, sine } = turning;
  return g.op('RotaryEmbedding', [x, positions, cosine, sine], x, {
    domain: 'com.microsoft',
    attributes: {
      num_heads: int(headCount),
      // 0 stands for the whole head.
      rotary_embedding_dim: int(size === headSize ? 0 : size),
      interleaved: int(pairing === 'neighbours' ? 1 : 0),
    },
  });
}
