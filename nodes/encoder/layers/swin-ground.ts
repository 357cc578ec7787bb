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
  type WindowShape,
} from '#engine/onnx/blocks/windows.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { cast, largest, multiply, subtract } from '#engine/onnx/operators.ts';
import {
  concatenate,
  gather,
  padEnd,
  reshape,
  squeeze,
  transpose,
  unsqueeze,
} from '#engine/onnx/shape-operators.ts';
import { fixedDim, multiplyDims, type Dim, type Value } from '#engine/onnx/value.ts';
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

/**
 * Sizes known only when the graph runs: places that a stage has left, as many behind one that stands for the others,
 * and windows that hold any, as they lie and shifted.
 */
export function keptDims(stage: number) {
  const kept = `content.${stage}`;
  return { kept, led: `${kept}.led`, windows: `${kept}.windows`, shifted: `${kept}.shifted` };
}

/**
 * `kept` [1, 1, rows, columns] float32 is 1 where a place is left. Those that are not are seen by none, and count as
 * nothing in a square; a square is left where one of its places is. Only what is left is worked on.
 */
export function keptGround(g: GraphBuilder, kept: Value, stage = 0): SwinGround {
  const grid = { rows: fixedDim(kept, 2), columns: fixedDim(kept, 3) };
  const here = layOut(g, kept, grid, stage);
  const windowsByShift = new Map<number, KeptWindows>();
  return {
    enter: (map) => here.pick(map),
    look(normed, attention, table, shape) {
      const windows = windowsByShift.get(shape.shift) ?? cutKept(g, kept, here, shape, stage);
      windowsByShift.set(shape.shift, windows);
      const meeting = (projected: QueryKeyValue<Value>) =>
        lookInWindows(g, projected, attention, windows, table);
      return selfAttention(g, normed, attention, { meeting }).output;
    },
    merge(x) {
      const half = halved(grid);
      const even = { rows: 2 * half.rows, columns: 2 * half.columns };
      const fewer = maxPool(g, fillUp(g, kept, even), { kernel: 2 });
      const { ranks } = layOut(g, kept, even, stage);
      const map = spread(g, x, g.constant('float32', [1, 1], [0]), ranks, stage); // [n, D]
      const squares = squaresOf(g, reshape(g, map, [1, even.rows, even.columns, fixedDim(x, 2)]));
      const ground = keptGround(g, fewer, stage + 1);
      return { squares: ground.enter(squares), ground };
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
  /** The number of each place of the map among them, from 1; 0 for what is not left. [rows · columns] int64 */
  readonly ranks: Value;
  /** [1, rows, columns, D] → [1, kept, D] */
  readonly pick: (map: Value) => Value;
}

/** `kept` in a map of this size, which may be larger below and at the right. */
function layOut(g: GraphBuilder, kept: Value, { rows, columns }: TableGrid, stage: number): Layout {
  const whole = fillUp(g, kept, { rows, columns });
  const isKept = cast(g, reshape(g, whole, [rows * columns]), 'int64');
  const places = placesOf(g, isKept, keptDims(stage).kept);
  const counted = g.op('CumSum', [isKept, g.scalar('int64', 0)], isKept);
  return {
    places,
    ranks: multiply(g, counted, isKept),
    pick: (map) => gather(g, reshape(g, map, [1, rows * columns, fixedDim(map, -1)]), places, 1),
  };
}

/** [1, 1, R, C] with nothing left below and at the right, up to this size. */
const fillUp = (g: GraphBuilder, kept: Value, { rows, columns }: TableGrid): Value =>
  padEnd(g, padEnd(g, kept, 2, rows), 3, columns);

/** Where numbers [n] are not 0. [size] int64 */
const placesOf = (g: GraphBuilder, numbers: Value, size: Dim): Value =>
  squeeze(g, g.op('NonZero', [numbers], { type: 'int64', shape: [1, size] }), 0);

/** Tokens [1, kept, D] by their ranks, of any shape, and `other` [1, D] or [1, 1] at rank 0. → [.., D] */
function spread(g: GraphBuilder, x: Value, other: Value, ranks: Value, stage: number): Value {
  const shape = [1, fixedDim(x, 2)];
  const first = g.op('Expand', [other, g.list(...shape)], { type: 'float32', shape });
  const all = concatenate(g, [first, squeeze(g, x, 0)], 0, keptDims(stage).led);
  return gather(g, all, ranks, 0);
}

/** The windows that hold a place that is left. */
interface KeptWindows {
  readonly shape: WindowShape;
  readonly stage: number;
  /** [1, rows, columns, 1], for its size. */
  readonly map: Value;
  /** Which of all windows of the map they are. [n] int64 */
  readonly chosen: Value;
  /** As {@link Layout.ranks}, window by window. [n, w · w] int64 */
  readonly ranks: Value;
  /** Their places, but for those that were taken out of the map; what fills them up is one. [n, w · w] bool */
  readonly keys: Value;
  /** Where in these windows each token lies. [kept] int64 */
  readonly back: Value;
}

function cutKept(
  g: GraphBuilder,
  kept: Value,
  { ranks: allRanks }: Layout,
  shape: WindowShape,
  stage: number,
): KeptWindows {
  const size = [1, fixedDim(kept, 2), fixedDim(kept, 3), 1];
  const cut = (map: Value): Value => squeeze(g, cutWindows(g, map, shape), 2); // [windows, w · w]
  const map = reshape(g, allRanks, size);
  const all = cut(map);
  const dims = keptDims(stage);
  const count = shape.shift === 0 ? dims.windows : dims.shifted;
  const chosen = placesOf(g, largest(g, all, 1, false), count);
  const ranks = gather(g, all, chosen, 0);
  const gone = reshape(g, subtract(g, g.scalar('float32', 1), kept), size);
  const isGone = cast(g, gather(g, cut(gone), chosen, 0), 'bool');

  const flat = reshape(g, ranks, [multiplyDims(shape.window ** 2, count)]);
  const found = placesOf(g, flat, dims.kept);
  const tokens = subtract(g, gather(g, flat, found, 0), g.scalar('int64', 1));
  const unset = multiply(g, found, g.scalar('int64', 0));
  const back = g.op('ScatterElements', [unset, tokens, found], found);
  return { shape, stage, map, chosen, ranks, keys: g.op('Not', [isGone], isGone), back };
}

/** Each [1, kept, H · d] → the same. */
function lookInWindows(
  g: GraphBuilder,
  { query, key, value }: QueryKeyValue<Value>,
  { headCount, projections }: SelfAttention,
  { shape, stage, map, chosen, ranks, keys, back }: KeptWindows,
  table: WeightExpression,
): Value {
  // What fills up windows is a token of zeros before its projection, and is looked at, as on the whole map.
  const inWindows = (x: Value, { bias }: LinearWeights): Value => {
    const filling = bias ? unsqueeze(g, g.weight(bias), 0) : g.constant('float32', [1, 1], [0]);
    return spread(g, x, filling, ranks, stage); // [n, w · w, H · d]
  };
  const projected = {
    query: inWindows(query, projections.query),
    key: inWindows(key, projections.key),
    value: inWindows(value, projections.value),
  };
  const bias = windowBias(g, table, map, shape, chosen);
  const mixed = attend(g, projected, { headCount }, { bias, keys });
  const [count, places, channels] = mixed.shape as readonly [Dim, number, number];
  const rows = reshape(g, mixed, [multiplyDims(places, count), channels]);
  return unsqueeze(g, gather(g, rows, back, 0), 0);
}
