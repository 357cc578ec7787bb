/** MA-LMM's memory bank: a clip of any length as so many frames, into which what is alike melts as it comes. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error, warning } from '#engine/contract/problem.ts';
import { size } from '#engine/node/architecture-params.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import {
  estimatedCount,
  itemsOf,
  knownCount,
  oneView,
  oneViewEach,
  type ViewCount,
  type WireOf,
} from '#engine/node/wire.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { add, greater } from '#engine/onnx/operators.ts';
import { lengthOf, reshape, slice, unsqueeze } from '#engine/onnx/shape-operators.ts';
import type { Dim, Value } from '#engine/onnx/value.ts';
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { rememberFrames, setUpBank, tapHistory } from './frame-memory.ts';

const table = 'image_pe.weight';

const layouts: readonly KeyLayout[] = [
  { title: 'MA-LMM, LAVIS', key: (name) => name, owns: (key) => key === table },
];

export const memoryBank = defineNode({
  type: 'compression/memory-bank',
  version: 1,
  family: 'compression',
  title: 'Memory bank',
  about:
    'Reads a clip frame by frame and remembers only so many: when one more comes, the two neighbouring frames that are ' +
    'most alike at a place of the picture melt into their mean there, at every place for itself. A still background is ' +
    'soon one long memory, what moves is kept apart. So a clip of any length becomes one of a fixed length, which a ' +
    "Q-Former behind it reads as a whole. MA-LMM's Q-Former also remembers its own earlier answers in the same way; " +
    'that second bank is not built, so its answers are not those of the published model.',
  references: [
    {
      title: 'MA-LMM: Memory-Augmented Large Multimodal Model for Long-Term Video Understanding',
      url: 'https://arxiv.org/abs/2404.05726',
    },
  ],
  params: {
    length: {
      kind: 'integer',
      label: 'Bank',
      help: 'Frames that are remembered beside the newest; MA-LMM takes 10 for questions and 40 for captions.',
      default: 10,
      min: 2,
      max: 1024,
    },
    framePositions: {
      kind: 'flag',
      label: 'Frame positions',
      help: 'Adds a learned vector for the place of a frame in the clip, as MA-LMM does; off, nothing needs training.',
      default: false,
    },
    positionCount: {
      ...size('Positions', 'Frames that have a learned place.', 120, 65_536),
      shownWhen: { param: 'framePositions', is: [true] },
    },
    weights: { ...weightParams.weights, shownWhen: { param: 'framePositions', is: [true] } },
  },
  inputs: { tokens: { kind: 'tokens', title: 'Tokens of the frames' } },
  outputs: { tokens: { kind: 'tokens', title: 'Remembered tokens' } },
  keyLayouts: () => layouts,
  demand: ({ demands }) => ({ tokens: demands.tokens }),
  infer({ params: { length, framePositions, positionCount }, inputs: { tokens } }) {
    if (!tokens.count.known) {
      const message =
        'A memory bank compares the same place of all frames; wire it before anything that lets the picture decide how many tokens stay.';
      return fail(error('arrangement-unsupported', message, { port: 'tokens' }));
    }
    const frames = framesOfClip(tokens);
    if (framePositions && frames.most > positionCount) {
      const message = `The clip has ${frames.most} frames, there are positions for ${positionCount}; take ${positionCount} frames or fewer.`;
      return fail(error('dimension-mismatch', message, { param: 'positionCount' }));
    }
    const remembered = (count: number) => Math.min(count, length + 1) * tokens.count.tokens;
    const count = frames.known
      ? knownCount(remembered(frames.views))
      : estimatedCount(remembered(frames.views), remembered(frames.most));
    return ok({
      outputs: {
        tokens: { ...tokens, ...oneViewEach(tokens), count, prefixTokens: 0, grid: null },
      },
      found: { frames },
      warnings:
        frames.most > length + 1
          ? []
          : [
              warning(
                'arrangement-unsupported',
                `${frames.most === 1 ? '1 frame fits' : `${frames.most} frames fit`} the bank as they are, so nothing melts; wire a longer clip, or make the bank smaller.`,
                { param: 'length' },
              ),
            ],
    });
  },
  summary: ({ length }) => `${length} frames and the newest`,
  body: {
    kind: 'onnx',
    // One clip after the other.
    runsBy: 'item',
    dims: ({ params: { length }, outputs: { tokens }, found: { frames } }) => ({
      melted: Math.max(frames.views - length - 1, 0),
      remembered: tokens.count.tokens,
    }),
    emit(g, { tokens }, { params, inputs, found: { frames } }) {
      const { length, framePositions } = params;
      const placed = framePositions ? addPositions(g, tokens, params.positionCount) : tokens;
      const count = inputs.tokens.count.tokens;
      const setup = setUpBank(g, placed, length);
      const run = (x: Value, total: Dim) => reshape(g, x, [1, total, inputs.tokens.channels]);
      if (!frames.known) {
        const isLonger = greater(g, lengthOf(g, placed, 0), g.scalar('int64', length + 1));
        const either = g.chooseAll(
          isLonger,
          () => [run(rememberFrames(g, placed, setup).frames, 'remembered')],
          () => [run(placed, 'remembered')],
        );
        return { tokens: either[0] as Value };
      }
      tapHistory(g, placed, frames.views, setup);
      if (frames.views <= length + 1) return { tokens: run(placed, frames.views * count) };
      const bank = rememberFrames(g, placed, setup);
      g.tap('size', bank.size);
      return { tokens: run(bank.frames, (length + 1) * count) };
    },
  },
});

/** Frames of one clip; where there are several clips, each may have another number. */
function framesOfClip({ views = oneView }: WireOf<'tokens'>): ViewCount {
  const items = itemsOf(views);
  if (items === views.views) return oneView;
  return {
    known: views.known && items === 1,
    views: Math.round(views.views / items),
    most: views.most - items + 1,
  };
}

/** [frames, N, C] and the vectors of the first places of the table [places, C]. */
function addPositions(g: GraphBuilder, frames: Value, positionCount: number): Value {
  const [count, , channels] = frames.shape as readonly [Dim, Dim, number];
  const all = g.weight(g.tensor(table, [positionCount, channels], 'embedding'));
  const until = unsqueeze(g, lengthOf(g, frames, 0), 0);
  const places = slice(g, all, 0, g.list(0), until, count); // [frames, C]
  return add(g, frames, unsqueeze(g, places, 1));
}
