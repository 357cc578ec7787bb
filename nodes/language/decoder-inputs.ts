/** What a decoder's graph is given: its inputs, the state of its layers, and the segments that boundaries cut it into. */
import type { BoundaryPart } from '#engine/node/part.ts';
import type { CachedTokens } from '#engine/onnx/blocks/cached-tokens.ts';
import { keySize } from '#engine/onnx/blocks/causal-attention.ts';
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
  decoderInput,
  pastName,
  segmentSymbols,
  type KeyValueTensor,
} from '#engine/node/decoder-protocol.ts';
import { layerWindow } from './architecture/attention.ts';
import { longFrom, positionParts } from './architecture/positions.ts';
import type { DecoderArchitecture } from './architecture/decoder-architecture.ts';
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

/** What a layer keeps of a token: keys, then values, or the latent that both are made of. */
function keptOf(
  architecture: DecoderArchitecture,
): readonly Pick<KeyValueTensor, 'name' | 'heads' | 'size'>[] {
  const { attention, keyValueHeadCount: heads, headSize, positions } = architecture;
  if (attention === 'latent')
    return [
      { name: 'latent', heads: 1, size: architecture.keyValueRank + architecture.rotaryHeadSize },
    ];
  return [
    { name: 'key', heads, size: keySize({ headSize, linearBiases: positions === 'alibi' }) },
    { name: 'value', heads, size: headSize },
  ];
}

/** What every layer keeps, layer by layer; behind them, which tokens are masked, by segment. */
export function decoderState(
  architecture: DecoderArchitecture,
  boundaries: readonly BoundaryPart[],
): readonly KeyValueTensor[] {
  const kept = keptOf(architecture);
  const windowOf = layerWindow(architecture);
  const windowIn = (layer: number) => {
    const window = windowOf(layer);
    return window === null ? {} : { window };
  };
  const layers = Array.from({ length: architecture.layerCount }, (_, layer) => layer);
  return [
    ...layers.flatMap((layer) =>
      kept.map(({ name, ...rest }) => ({
        kind: 'key-value' as const,
        name: `${layer}.${name}`,
        ...rest,
        segment: boundaries.filter((boundary) => boundary.layer <= layer).length,
        ...windowIn(layer),
      })),
    ),
    ...maskedSegments(boundaries).map(maskedTensor),
  ];
}

/** Those behind a boundary that masks. */
function maskedSegments(boundaries: readonly BoundaryPart[]): readonly number[] {
  const first = boundaries.findIndex(
    (boundary) => boundary.kind === 'token-reduction' && boundary.pruned === 'masked',
  );
  if (first < 0) return [];
  return boundaries.slice(first).map((_, index) => first + index + 1);
}

/** It is kept as keys are: a number a token. */
const maskedTensor = (segment: number): KeyValueTensor => ({
  kind: 'key-value',
  name: `masked.${segment}`,
  heads: 1,
  size: 1,
  segment,
});

export function decoderInputs(
  g: GraphBuilder,
  architecture: DecoderArchitecture,
  boundaries: readonly BoundaryPart[],
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
  const state = decoderState(architecture, boundaries);
  const { pasts, firstKeyOf } = pastInputs(g, state);
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
  const perLayer = keptOf(architecture).length;
  return {
    embeddings,
    logitRows,
    throughout,
    placed: placing(g, architecture),
    // Of a latent, one tensor is both.
    cachedIn: (layer, { whole, windowed }) => ({
      key: pasts[perLayer * layer] as Value,
      value: pasts[perLayer * (layer + 1) - 1] as Value,
      ...((windowIn(layer) === null ? whole : windowed) as Sight),
    }),
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
): {
  readonly pasts: readonly Value[];
  readonly firstKeyOf: (segment: number, slides: boolean) => Value | null;
} {
  const pasts = state.map((tensor) => {
    const { capacity, windowCapacity } = segmentSymbols(tensor.segment);
    const room = tensor.window === undefined ? capacity : windowCapacity;
    return g.input(pastName(tensor), 'float32', [1, tensor.heads, room, tensor.size]);
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
