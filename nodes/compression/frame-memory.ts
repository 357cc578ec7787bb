/**
 * Frames that are read one after the other into a bank of fixed length. Source: boheumd/MA-LMM,
 * lavis/models/blip2_models/blip2.py (memory_bank_compress).
 */
import { int, type GraphBuilder } from '#engine/onnx/graph-builder.ts';
import {
  add,
  cast,
  divide,
  euclideanNorm,
  greater,
  multiply,
  subtract,
  sum,
} from '#engine/onnx/operators.ts';
import { scan } from '#engine/onnx/scan.ts';
import { concatenate, gather, repeatAs, slice, unsqueeze } from '#engine/onnx/shape-operators.ts';
import { fixedDim, type Value } from '#engine/onnx/value.ts';

export interface FrameBank {
  /** [K, N, C] */
  readonly frames: Value;
  /** How many frames each stands for at each place. [K, N] */
  readonly size: Value;
}

/**
 * What follows from sizes alone, made before any graph inside an operator: ONNX Runtime 1.30 does not load again what
 * it has computed in there ahead of time.
 */
export interface BankSetup {
  /** 0 to length − 1. [length, 1] int64 */
  readonly places: Value;
  /** The sizes of frames that nothing has melted with. [1, N] and [length, N] */
  readonly alone: Value;
  readonly fresh: Value;
}

/** For frames [frames, N, C] and a bank of `length` of them. */
export function setUpBank(g: GraphBuilder, frames: Value, length: number): BankSetup {
  const counted = Array.from({ length }, (_, place) => place);
  const places = g.constant('int64', [length, 1], counted);
  const alone = repeatAs(g, g.constant('float32', [1, 1], [1]), 1, frames, 1);
  return { places, alone, fresh: repeatAs(g, alone, 0, places, 0) };
}

/**
 * What a reader sees at the last frame: the bank and that frame, which nothing melts with any more. There must be more
 * than `length` + 1 frames, where `places` counts them. [frames, N, C] → length + 1 of them
 */
export function rememberFrames(g: GraphBuilder, frames: Value, setup: BankSetup): FrameBank {
  return readFrames(g, frames, setup, false).last;
}

/**
 * Taps, for every frame t from the second on, counted from 0: `seen<t>` [K, N, C], what a reader sees of it and of
 * those before; `bank<t>` and `size<t>` [K, N], what is kept for the next.
 */
export function tapHistory(g: GraphBuilder, frames: Value, count: number, setup: BankSetup): void {
  const length = fixedDim(setup.places, 0);
  let whole: Read | null = null;
  const read = (): Read => (whole ??= readFrames(g, frames, setup, true));
  const first = (t: number): FrameBank => {
    const all = concatenate(g, [setup.fresh, setup.alone], 0, length + 1);
    return { frames: cut(g, frames, 0, t + 1), size: cut(g, all, 0, t + 1) };
  };
  for (let t = 1; t < count; t++) {
    const isWhole = t < length || count <= length + 1;
    const isLast = t === count - 1;
    const step = (part: number) =>
      gather(g, read().history[part] as Value, g.scalar('int64', t - length), 0);
    const after = (): FrameBank => (isWhole ? first(t) : read().last);
    const inside = !isWhole && !isLast;
    g.tapLater(`seen${t}`, () => (inside ? step(0) : after().frames));
    g.tapLater(`bank${t}`, () => (inside ? step(1) : after().frames));
    g.tapLater(`size${t}`, () => (inside ? step(2) : after().size));
  }
}

interface Read {
  readonly last: FrameBank;
  /** Of each frame at which something melts: what is seen, and what is kept of it with its sizes. */
  readonly history: readonly Value[];
}

function readFrames(g: GraphBuilder, frames: Value, setup: BankSetup, traced: boolean): Read {
  const length = fixedDim(setup.places, 0);
  const start = cut(g, frames, 0, length);
  const between = slice(g, frames, 0, g.list(length), g.list(-1), 'melted');
  const { states, outputs } = scan(
    g,
    { states: [start, setup.fresh], slices: [between] },
    ([bank, sizes], [frame]) => {
      const next = unsqueeze(g, frame as Value, 0);
      const seen = append(g, { frames: bank as Value, size: sizes as Value }, next, setup);
      const kept = melt(g, seen, setup.places);
      return {
        states: [kept.frames, kept.size],
        outputs: traced ? [seen.frames, kept.frames, kept.size] : [],
      };
    },
  );
  const bank = { frames: states[0] as Value, size: states[1] as Value };
  const newest = slice(g, frames, 0, g.list(-1), g.list(Number.MAX_SAFE_INTEGER), 1);
  return { last: append(g, bank, newest, setup), history: outputs };
}

const cut = (g: GraphBuilder, frames: Value, from: number, to: number): Value =>
  slice(g, frames, 0, g.list(from), g.list(to), to - from);

function append(
  g: GraphBuilder,
  { frames, size }: FrameBank,
  frame: Value,
  { alone }: BankSetup,
): FrameBank {
  const count = fixedDim(frames, 0) + 1;
  return {
    frames: concatenate(g, [frames, frame], 0, count),
    size: concatenate(g, [size, alone], 0, count),
  };
}

/**
 * At every place of the picture the two neighbours in time with the highest cosine, of equal ones the first, become
 * their mean by size; `places` [K − 1, 1] counts from 0. [K, N, ..] → [K − 1, N, ..]
 */
function melt(g: GraphBuilder, { frames, size }: FrameBank, places: Value): FrameBank {
  const [count, tokens, channels] = frames.shape as readonly [number, number, number];
  const pairs = count - 1;
  const left = (x: Value) => cut(g, x, 0, pairs);
  const right = (x: Value) => cut(g, x, 1, count);
  // One product for the cosines, two for the mean.
  g.work(3 * pairs * tokens * channels);
  const norms = euclideanNorm(g, frames, 2, true); // [K, N, 1]
  const unit = divide(g, frames, g.op('Max', [norms, g.scalar('float32', 1e-8)], norms));
  const alike = sum(g, multiply(g, left(unit), right(unit)), 2, false); // [K − 1, N]
  const best = g.op(
    'ArgMax',
    [alike],
    { type: 'int64', shape: [1, tokens] },
    { attributes: { axis: int(0), keepdims: int(1) } },
  );
  const unless = (isOut: Value) => subtract(g, g.scalar('float32', 1), cast(g, isOut, 'float32'));
  // Before the pair only the left neighbour counts, behind it only the right one.
  const fromLeft = multiply(g, left(size), unless(greater(g, places, best)));
  const fromRight = multiply(g, right(size), unless(greater(g, best, places)));
  const total = add(g, fromLeft, fromRight); // [K − 1, N]
  const share = (part: Value) => unsqueeze(g, divide(g, part, total), 2);
  const means = add(
    g,
    multiply(g, left(frames), share(fromLeft)),
    multiply(g, right(frames), share(fromRight)),
  );
  return { frames: means, size: total };
}
