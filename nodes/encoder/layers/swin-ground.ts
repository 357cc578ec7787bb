/** The ground on which a Swin looks around: the whole map, or only those of its places that a filter has kept. */
import { attend, selfAttention, type SelfAttention } from '#engine/onnx/blocks/attention.ts';
import type { QueryKeyValue } from '#engine/onnx/blocks/attention-projections.ts';
import type { LinearWeights } from '#engine/onnx/blocks/linear.ts';
import { markKept } from '#engine/onnx/blocks/patch-marks.ts';
import { maxPool } from '#engine/onnx/blocks/pooling.ts';
import {
  cutWindows,
  joinWindows,
  windowBias,
  windowGrid,
  type WindowShape,
} from '#engine/onnx/blocks/windows.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { cast, multiply, subtract } from '#engine/onnx/operators.ts';
import {
  concatenate,
  gather,
  padEnd,
  reshape,
  squeeze,
  transpose,
  unsqueeze,
} from '#engine/onnx/shape-operators.ts';
import { fixedDim, type Dim, type Value } from '#engine/onnx/value.ts';
import type { TableGrid, WeightExpression } from '#engine/onnx/weight.ts';
import { halved } from './swin-shape.ts';

/** Tokens are [B, rows, columns, D] on the whole map, [1, kept, D] on what is left of it. */
export interface SwinGround {
  /** From the whole map [B, rows, columns, D]. */
  readonly enter: (map: Value) => Value;
  /** What tokens make of those in their windows; `table` holds biases by distance. */
  readonly look: (
    normed: Value,
    attention: SelfAttention,
    table: WeightExpression,
    shape: WindowShape,
  ) => Value;
  /** Each square of four places as one, side by side, [.., D] → [.., 4 D], and the ground on which these lie. */
  readonly merge: (x: Value) => { readonly squares: Value; readonly ground: SwinGround };
  /** → [B, N, D] */
  readonly leave: (x: Value) => Value;
}

export const wholeGround = (g: GraphBuilder): SwinGround => ({
  enter: (map) => map,
  look(normed, attention, table, shape) {
    const windows = cutWindows(g, normed, shape);
    const bias = windowBias(g, table, normed, shape);
    const attended = selfAttention(g, windows, attention, { bias }).output;
    return joinWindows(g, attended, normed, shape);
  },
  merge: (x) => ({ squares: squaresOf(g, x), ground: wholeGround(g) }),
  leave(x) {
    const count = fixedDim(x, 1) * fixedDim(x, 2);
    return reshape(g, x, [x.shape[0] as Dim, count, fixedDim(x, 3)]);
  },
});

/** Of a square its left places come first, from above; a side that is odd is filled up. [B, R, C, D] → [B, R / 2, C / 2, 4 D] */
function squaresOf(g: GraphBuilder, map: Value): Value {
  const batch = map.shape[0] as Dim;
  const channels = fixedDim(map, 3);
  const { rows, columns } = halved({ rows: fixedDim(map, 1), columns: fixedDim(map, 2) });
  const filled = padEnd(g, padEnd(g, map, 1, 2 * rows), 2, 2 * columns);
  const apart = reshape(g, filled, [batch, rows, 2, columns, 2, channels]);
  const ordered = transpose(g, apart, 0, 1, 3, 4, 2, 5);
  return reshape(g, ordered, [batch, rows, columns, 4 * channels]);
}

/** Sizes known only when the graph runs: places that a stage has left, and as many behind one that stands for the others. */
export function keptDims(stage: number) {
  const kept = `content.${stage}`;
  return { kept, led: `${kept}.led` };
}

/**
 * `kept` [1, 1, rows, columns] float32 is 1 where a place is left. Those that are not are seen by none, and count as
 * nothing in a square; a square is left where one of its places is. All that is not attention works on what is left.
 */
export function keptGround(g: GraphBuilder, kept: Value, stage = 0): SwinGround {
  const grid = { rows: fixedDim(kept, 2), columns: fixedDim(kept, 3) };
  const here = layOut(g, kept, grid, stage);
  return {
    enter: (map) => here.pick(map),
    look: (normed, attention, table, shape) =>
      selfAttention(g, normed, attention, {
        meeting: (projected) =>
          lookInWindows(g, projected, attention, { kept, stage, table, shape }),
      }).output,
    merge(x) {
      const half = halved(grid);
      const even = { rows: 2 * half.rows, columns: 2 * half.columns };
      const fewer = maxPool(g, fillUp(g, kept, even), { kernel: 2 });
      const next = layOut(g, fewer, half, stage + 1);
      const nothing = g.constant('float32', [1, 1], [0]);
      const squares = squaresOf(g, here.spread(x, nothing));
      return { squares: next.pick(squares), ground: keptGround(g, fewer, stage + 1) };
    },
    leave(x) {
      g.tapLater('marks', () => markKept(g, grid.rows * grid.columns, here.places));
      return x;
    },
  };
}

interface Layout {
  /** Where the places that are left lie in the map. [kept] int64 */
  readonly places: Value;
  /** [1, rows, columns, D] → [1, kept, D] */
  readonly pick: (map: Value) => Value;
  /** The way back, with `other` [1, D] or [1, 1] where nothing is left. [1, kept, D] → [1, rows, columns, D] */
  readonly spread: (x: Value, other: Value) => Value;
}

/** `kept` in a map of this size, which may be larger below and at the right. */
function layOut(g: GraphBuilder, kept: Value, size: TableGrid, stage: number): Layout {
  const { rows, columns } = size;
  const dims = keptDims(stage);
  const isKept = cast(g, reshape(g, fillUp(g, kept, size), [rows * columns]), 'int64');
  const found = g.op('NonZero', [isKept], { type: 'int64', shape: [1, dims.kept] });
  const places = squeeze(g, found, 0);
  // Counted from 1, and 0 for what is not left.
  const counted = g.op('CumSum', [isKept, g.scalar('int64', 0)], isKept);
  const ranks = multiply(g, counted, isKept); // [rows · columns]
  return {
    places,
    pick(map) {
      const channels = fixedDim(map, -1);
      const all = reshape(g, map, [1, rows * columns, channels]);
      return gather(g, all, places, 1);
    },
    spread(x, other) {
      const channels = fixedDim(x, -1);
      const first = g.op('Expand', [other, g.list(1, channels)], {
        type: 'float32',
        shape: [1, channels],
      });
      const left = squeeze(g, x, 0); // [kept, D]
      const all = concatenate(g, [first, left], 0, dims.led);
      return reshape(g, gather(g, all, ranks, 0), [1, rows, columns, channels]);
    },
  };
}

/** [1, 1, R, C] with nothing left below and at the right, up to this size. */
const fillUp = (g: GraphBuilder, kept: Value, { rows, columns }: TableGrid): Value =>
  padEnd(g, padEnd(g, kept, 2, rows), 3, columns);

/** Each [1, kept, H · d] → the same. */
function lookInWindows(
  g: GraphBuilder,
  { query, key, value }: QueryKeyValue<Value>,
  { headCount, projections }: SelfAttention,
  of: {
    readonly kept: Value;
    readonly stage: number;
    readonly table: WeightExpression;
    readonly shape: WindowShape;
  },
): Value {
  const { window } = of.shape;
  const { rows, columns } = windowGrid(
    { rows: fixedDim(of.kept, 2), columns: fixedDim(of.kept, 3) },
    window,
  );
  const size = { rows: rows * window, columns: columns * window };
  const whole = layOut(g, of.kept, size, of.stage);
  // What fills up windows is a token of zeros before its projection, and is looked at, as on the whole map.
  const filling = ({ bias }: LinearWeights): Value =>
    bias ? unsqueeze(g, g.weight(bias), 0) : g.constant('float32', [1, 1], [0]);
  const asked = whole.spread(query, filling(projections.query));
  const cut = (map: Value) => cutWindows(g, map, of.shape);
  const projected = {
    query: cut(asked),
    key: cut(whole.spread(key, filling(projections.key))),
    value: cut(whole.spread(value, filling(projections.value))),
  };
  const bias = windowBias(g, of.table, asked, of.shape);
  const keys = seenInWindows(g, of.kept, of.shape);
  const mixed = attend(g, projected, { headCount }, { bias, keys });
  return whole.pick(joinWindows(g, mixed, asked, of.shape));
}

/** All places of windows but those that were taken out of the map. [windows, w · w] bool */
function seenInWindows(g: GraphBuilder, kept: Value, shape: WindowShape): Value {
  const gone = subtract(g, g.scalar('float32', 1), kept); // [1, 1, R, C]
  const map = reshape(g, gone, [1, fixedDim(kept, 2), fixedDim(kept, 3), 1]);
  const isGone = cast(g, squeeze(g, cutWindows(g, map, shape), 2), 'bool');
  return g.op('Not', [isGone], isGone);
}
