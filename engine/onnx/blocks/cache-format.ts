/**
 * What keys and values are kept as between tokens: as they are, in half precision, or as whole numbers of 8 bits with
 * one scale for each head of each token. Group-wise quantisation of a cache is FlexGen's (2303.06865); here a group is
 * a head of a token, its largest number becomes 127, and zero stays zero.
 *
 * New tokens meet keys and values as they will be kept, their own included. So it is the same whether a prompt is read
 * at once or in pieces, and guesses that are verified together get what each would have got by itself.
 */
import type { GraphBuilder } from '../graph-builder.ts';
import { cast, clipped, divide, largest, multiply } from '../operators.ts';
import type { Value } from '../value.ts';

export type CacheFormat = 'float32' | 'float16' | 'int8';

/** A tensor that keys or values of `size` channels a head are kept in. */
interface Part {
  /** Behind the name of the keys or values. */
  readonly suffix: string;
  readonly type: CacheFormat;
  readonly size: number;
}

interface FormatRow {
  readonly parts: (size: number) => readonly Part[];
  /** [1, heads, N, d] float32 → parts [1, heads, N, size] */
  readonly pack: (g: GraphBuilder, x: Value) => readonly Value[];
  /** The same back; where N is 0, nothing. */
  readonly unpack: (g: GraphBuilder, parts: readonly Value[]) => Value;
}

/** The largest number of half precision; what lies beyond would be infinite. */
const largestHalf = 65_504;
/** Codes are from -127 to 127, so that they are as fine on both sides. */
const largestCode = 127;
/** Scales stay far above the numbers that processors are slow with. */
const smallestScale = 1e-20;

export const cacheFormats: Readonly<Record<CacheFormat, FormatRow>> = {
  float32: {
    parts: (size) => [{ suffix: '', type: 'float32', size }],
    pack: (_, x) => [x],
    unpack: (_, [x]) => x as Value,
  },
  float16: {
    parts: (size) => [{ suffix: '', type: 'float16', size }],
    pack: (g, x) => [cast(g, clipped(g, x, largestHalf), 'float16')],
    unpack: (g, [halves]) => cast(g, halves as Value, 'float32'),
  },
  int8: {
    parts: (size) => [
      { suffix: '', type: 'int8', size },
      { suffix: '.scale', type: 'float32', size: 1 },
    ],
    pack(g, x) {
      const most = largest(g, g.op('Abs', [x], x), -1, true); // [1, heads, N, 1]
      const plain = multiply(g, most, g.scalar('float32', 1 / largestCode));
      const scale = g.op('Max', [plain, g.scalar('float32', smallestScale)], plain);
      // To the nearest, of two as near the even one.
      const codes = g.op('Round', [divide(g, x, scale)], x);
      return [cast(g, codes, 'int8'), scale];
    },
    unpack: (g, [codes, scale]) => multiply(g, cast(g, codes as Value, 'float32'), scale as Value),
  },
};

/** Keys or values of new tokens. */
export interface Kept {
  /** What the cache is given. */
  readonly parts: readonly Value[];
  /** [1, heads, T, d] float32, what they are to every token that sees them. */
  readonly seen: Value;
  /** Is that something else than what came in? */
  readonly isRounded: boolean;
}

/** x [1, heads, T, d] float32, as a cache of the format keeps and gives it. */
export function kept(g: GraphBuilder, x: Value, format: CacheFormat = 'float32'): Kept {
  const { pack, unpack } = cacheFormats[format];
  const parts = pack(g, x);
  return { parts, seen: unpack(g, parts), isRounded: format !== 'float32' };
}
