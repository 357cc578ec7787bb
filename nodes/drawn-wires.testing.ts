/** Draws wires as they leave sound nodes, of small sizes. */
import fc from 'fast-check';
import {
  estimatedCount,
  knownCount,
  type ViewCount,
  type WireKind,
  type WireOf,
  type WireType,
} from '#engine/node/wire.ts';

/** Few, so that sizes often divide each other or are the same. */
export const sizes = [1, 2, 3, 4, 8, 12, 16];
const size = fc.constantFrom(...sizes);

/** What all wires of a graph mostly agree in, as they do where they come of the same pictures. */
export interface Common {
  readonly views: ViewCount | undefined;
  readonly grid: { readonly rows: number; readonly columns: number };
  readonly prefixTokens: number;
  readonly channels: number;
}

const viewCount: fc.Arbitrary<ViewCount> = fc
  .record({
    items: fc.constantFrom(1, 2),
    each: fc.constantFrom(1, 2, 3, 4, 5),
    known: fc.boolean(),
    isClip: fc.boolean(),
  })
  .map(({ items, each, known, isClip }) => ({
    known,
    views: items * each,
    most: items * (known ? each : each + 3),
    items,
    ...(isClip && { media: 'video' as const }),
  }));

export const common: fc.Arbitrary<Common> = fc.record({
  views: fc.oneof(fc.constant(undefined), viewCount),
  grid: fc.oneof(
    fc.record({ rows: size, columns: size }),
    size.map((side) => ({ rows: side, columns: side })),
  ),
  prefixTokens: fc.constantFrom(0, 0, 1, 4),
  channels: fc.constantFrom(4, 8, 12, 16, 3),
});

const wireOf: {
  readonly [Kind in WireKind]?: (own: Common) => fc.Arbitrary<WireOf<Kind>>;
} = {
  image: ({ views }) =>
    fc.record({ width: fc.option(size), height: fc.option(size) }).map((sides) => ({
      kind: 'image',
      ...(sides.width === null || sides.height === null ? { width: null, height: null } : sides),
      ...(views && { pictures: views }),
    })),
  pixels: ({ views }) =>
    fc
      .record({ height: fc.constantFrom(8, 16, 32, 48, 64), width: fc.constantFrom(16, 32, 64) })
      .chain(({ height, width }) => fc.constantFrom({ height, width }, { height, width: height }))
      .map((sides) => ({ kind: 'pixels', ...sides, ...(views && { views }) })),
  tokens: ({ views, grid, prefixTokens, channels }) =>
    fc.constantFrom('grid', 'grid', 'grid', 'known', 'estimated').map((how) => {
      const tokens = grid.rows * grid.columns + prefixTokens;
      return {
        kind: 'tokens',
        channels,
        prefixTokens,
        grid: how === 'grid' ? grid : null,
        count: how === 'estimated' ? estimatedCount(tokens, 2 * tokens) : knownCount(tokens),
        ...(views && { views }),
      };
    }),
  'query-key': ({ views, grid, prefixTokens, channels }) =>
    fc.constantFrom(1, 1, prefixTokens).map((beside) => ({
      kind: 'query-key',
      count: grid.rows * grid.columns + beside,
      channels,
      ...(views && { views }),
    })),
  text: () => fc.constant({ kind: 'text' }),
  'token-ids': () => size.map((count) => ({ kind: 'token-ids', count: knownCount(count) })),
  'text-embeddings': ({ channels }) =>
    size.map((count) => ({ kind: 'text-embeddings', count: knownCount(count), channels })),
  answer: () => fc.constant({ kind: 'answer' }),
};

/** Mostly of what is common, and sometimes of other pictures. */
export const drawnWire = (kind: WireKind, shared: Common): fc.Arbitrary<WireType> => {
  const draw = wireOf[kind] as ((own: Common) => fc.Arbitrary<WireType>) | undefined;
  if (!draw) throw new Error(`Nothing draws wires of the kind "${kind}".`);
  return fc.oneof({ weight: 5, arbitrary: draw(shared) }, common.chain(draw));
};
