/** What a decoder's graph is given: its inputs, the state of its layers, and the segments that boundaries cut it into. */
import type { BoundaryPart } from '#engine/node/part.ts';
import { cacheFormats, type CacheFormat } from '#engine/onnx/blocks/cache-format.ts';
import type { CachedTokens } from '#engine/onnx/blocks/cached-tokens.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { add, cast, greater, multiply, range } from '#engine/onnx/operators.ts';
import {
  concatenate,
  lengthOf,
  repeatAs,
  reshape,
  slice,
  unsqueeze,
} from '#engine/onnx/shape-operators.ts';
import type { Dim, Value } from '#engine/onnx/value.ts';
import {
  cachedType,
  decoderInput,
  pastName,
  segmentSymbols,
  type KeyValueTensor,
} from '#engine/node/decoder-protocol.ts';
import { layerWindow } from './architecture/attention.ts';
import { longFrom, positionParts } from './architecture/positions.ts';
import type { DecoderArchitecture } from './architecture/decoder-architecture.ts';
import { decoderState, keptOf, maskedTensor } from './cached-state.ts';
import { wholeSight, windowSight, type Sight } from './sight.ts';

/** Layers between two boundaries, which hold the same tokens, or of these a window. */
export interface Segment {
  /** Null where no layer of the segment sees so far. */
  readonly whole: Sight | null;
  readonly windowed: Sight | null;
  readonly index: number;
  /** [parts, sequence] int64 */
  readonly positions: Value;
  /** [sequence] int64, 1 for a visual token; null where nothing prunes. All 0 in decode, where pruning runs on nothing. */
  readonly isVisual: Value | null;
  /** [1, 1, sequence, 1] float32, very negative for a new token that was masked; null where none can be. */
  readonly masked: Value | null;
  /** [] int64: visual tokens that stay behind this segment; null where it does not end with a pruning. */
  readonly keptCount: Value | null;
}

export interface DecoderInputs {
  /** [1, sequence, D] */
  readonly embeddings: Value;
  /** [rows] int64 */
  readonly logitRows: Value;
  /** [] bool; null without an early exit. */
  readonly throughout: Value | null;
  /** Positions [parts, T] as the rotary tables count them. */
  readonly placed: (positions: Value) => Value;
  readonly cachedIn: (layer: number, segment: Segment) => CachedTokens;
  readonly firstSegment: Segment;
  readonly nextSegment: (segment: Segment, boundary: BoundaryPart, left: Places) => Segment;
}

/** What is known of the new tokens that reach a segment. */
export type Places = Pick<Segment, 'positions' | 'isVisual' | 'masked'>;

export function decoderInputs(
  g: GraphBuilder,
  architecture: DecoderArchitecture,
  boundaries: readonly BoundaryPart[],
  format: CacheFormat,
): DecoderInputs {
  const {
    embeddings: embeddingsName,
    isVisual: isVisualName,
    throughout: throughoutName,
  } = decoderInput;
  const embeddings = g.input(embeddingsName, 'float32', [1, 'sequence', architecture.hiddenSize]);
  const positions = g.input(decoderInput.positions, 'int64', [
    positionParts(architecture),
    'sequence',
  ]);
  const logitRows = g.input(decoderInput.logitRows, 'int64', ['rows']);
  const fused = g.input(decoderInput.fused, 'bool', []);
  const has = (kind: BoundaryPart['kind']) => boundaries.some((boundary) => boundary.kind === kind);
  const isVisual = has('token-reduction') ? g.input(isVisualName, 'int64', ['sequence']) : null;
  const throughout = has('early-exit') ? g.input(throughoutName, 'bool', []) : null;
  const together =
    architecture.promptAttention === 'pictures' ? g.input(decoderInput.together, 'bool', []) : null;
  const state = decoderState(architecture, boundaries, format);
  const { pasts, firstKeyOf } = pastInputs(g, state, format);
  const indices = Array.from({ length: boundaries.length + 1 }, (_, index) => index);
  const lengths = indices.map((index) =>
    firstKeyOf(index, false) ? g.input(decoderInput.cachedLength(index), 'int64', []) : null,
  );
  const windowLengths = indices.map((index) =>
    firstKeyOf(index, true) ? g.input(decoderInput.windowLength(index), 'int64', []) : null,
  );
  const kept = boundaries.map(({ kind }, boundary) =>
    kind === 'token-reduction' ? g.input(decoderInput.keptVisual(boundary), 'int64', []) : null,
  );
  const { attentionWindow: window } = architecture;
  /** Nothing is masked where attention slides. */
  const sightsOf = (
    segment: number,
    { positions: of, masked }: Places,
  ): Pick<Segment, 'whole' | 'windowed'> => {
    const shared = { segment, positions: of, fused, together };
    const [key, length] = [firstKeyOf(segment, false), lengths[segment]];
    const [windowKey, windowLength] = [firstKeyOf(segment, true), windowLengths[segment]];
    const past = state.findIndex(({ name }) => name === maskedTensor(segment).name);
    const whole = key && length ? wholeSight(g, { ...shared, key, length }) : null;
    const slides = windowKey && windowLength && window !== null;
    return {
      whole:
        whole && length && masked
          ? { ...whole, ...hide(g, whole, masked, pasts[past] as Value, length) }
          : whole,
      windowed: slides
        ? windowSight(g, { ...shared, key: windowKey, length: windowLength }, window, architecture)
        : null,
    };
  };
  const segmentOf = (index: number, places: Places): Segment => ({
    ...places,
    index,
    ...sightsOf(index, places),
    keptCount: kept[index] ?? null,
  });
  const windowIn = layerWindow(architecture);
  const { unpack } = cacheFormats[format];
  const kinds = keptOf(architecture).length;
  /** Keys, values or latents of a layer, in as many tensors each. */
  const partsOf = (layer: number, kind: number): readonly Value[] => {
    const count = cacheFormats[format].parts(1).length;
    const start = count * (kinds * layer + kind);
    return pasts.slice(start, start + count);
  };
  return {
    embeddings,
    logitRows,
    throughout,
    placed: placing(g, architecture),
    cachedIn(layer, { whole, windowed }) {
      const key = unpack(g, partsOf(layer, 0));
      return {
        key,
        // A latent is both.
        value: kinds === 1 ? key : unpack(g, partsOf(layer, 1)),
        format,
        ...((windowIn(layer) === null ? whole : windowed) as Sight),
      };
    },
    firstSegment: segmentOf(0, { positions, isVisual, masked: null }),
    nextSegment({ index }, boundary, left) {
      const isNew = boundary.kind === 'token-reduction' && boundary.positions === 'renumbered';
      const places = isNew
        ? renumbered(g, left.positions, lengths[index + 1] as Value)
        : left.positions;
      return segmentOf(index + 1, { ...left, positions: places });
    },
  };
}

/** In a long sequence, longrope counts positions in its second table. */
function placing(g: GraphBuilder, architecture: DecoderArchitecture): (positions: Value) => Value {
  const from = longFrom(architecture);
  if (from === null) return (positions) => positions;
  const reach = g.input(decoderInput.reach, 'int64', []);
  const isLong = greater(g, reach, g.scalar('int64', from - 1));
  const start = multiply(
    g,
    cast(g, isLong, 'int64'),
    g.scalar('int64', architecture.contextLength),
  );
  return (positions) => add(g, positions, start);
}

/** The state of every layer, and the first keys of a segment that slide or do not; null where it has none. */
function pastInputs(
  g: GraphBuilder,
  state: readonly KeyValueTensor[],
  format: CacheFormat,
): {
  readonly pasts: readonly Value[];
  readonly firstKeyOf: (segment: number, slides: boolean) => Value | null;
} {
  const pasts = state.map((tensor) => {
    const symbols = segmentSymbols(tensor.segment);
    const [room, unpacked] =
      tensor.window === undefined
        ? [symbols.capacity, symbols.unpacked]
        : [symbols.windowCapacity, symbols.windowUnpacked];
    const shape = (capacity: Dim) => [1, tensor.heads, capacity, tensor.size];
    const past = g.input(pastName(tensor), cachedType(tensor), shape(room));
    // As long, but what is made of it is counted: where a format is unpacked, all of a layer once more.
    return format === 'float32' ? past : { ...past, shape: shape(unpacked) };
  });
  const firstKeyOf = (segment: number, slides: boolean): Value | null =>
    pasts[
      state.findIndex(
        (tensor) => tensor.segment === segment && (tensor.window !== undefined) === slides,
      )
    ] ?? null;
  return { pasts, firstKeyOf };
}

/** Hides what is masked among the new tokens [1, 1, T, 1], and among the `length` [] int64 cached [1, 1, capacity, 1]. */
function hide(
  g: GraphBuilder,
  { future, mask, attended }: Sight,
  masked: Value,
  pastMasked: Value,
  length: Value,
): Pick<CachedTokens, 'future' | 'mask' | 'keyBias'> {
  const fresh = reshape(g, masked, [masked.shape[2] as Dim]); // [T]
  const past = reshape(g, pastMasked, [pastMasked.shape[2] as Dim]); // [capacity]
  const cached = slice(g, past, 0, g.list(0), unsqueeze(g, length, 0), past.shape[0] as Dim);
  return {
    future: add(g, future, fresh),
    mask: add(g, mask, past),
    keyBias: concatenate(g, [cached, fresh], 0, attended),
  };
}

/** As many positions [parts, T] as there are, but counted on from what is cached. */
function renumbered(g: GraphBuilder, positions: Value, cachedLength: Value): Value {
  const count = positions.shape[1] as Dim;
  const end = add(g, cachedLength, lengthOf(g, positions, 1));
  const counted = unsqueeze(g, range(g, cachedLength, end, count), 0);
  return repeatAs(g, counted, 0, positions, 0);
}
