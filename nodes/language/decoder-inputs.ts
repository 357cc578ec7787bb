/** What a decoder's graph is given: its inputs, the state of its layers, and the segments that boundaries cut it into. */
import type { BoundaryPart } from '#engine/node/part.ts';
import {
  cacheMask,
  futureMask,
  totalTokens,
  type CachedTokens,
} from '#engine/onnx/blocks/cached-tokens.ts';
import { keySize } from '#engine/onnx/blocks/causal-attention.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { add, cast, greater, multiply, range } from '#engine/onnx/operators.ts';
import { lengthOf, repeatAs, unsqueeze } from '#engine/onnx/shape-operators.ts';
import type { Dim, Value } from '#engine/onnx/value.ts';
import {
  decoderInput,
  pastName,
  segmentSymbols,
  type KeyValueTensor,
} from '#engine/node/decoder-protocol.ts';
import { longFrom, positionParts } from './architecture/positions.ts';
import type { DecoderArchitecture } from './decoder-architecture.ts';

/** Layers between two boundaries, which hold the same tokens. */
export interface Segment extends Omit<CachedTokens, 'key' | 'value'> {
  readonly index: number;
  /** [parts, sequence] int64 */
  readonly positions: Value;
  /** [sequence] int64, 1 for a visual token; null where nothing prunes. All 0 in decode, where pruning runs on nothing. */
  readonly isVisual: Value | null;
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
  readonly cachedIn: (layer: number) => Pick<CachedTokens, 'key' | 'value'>;
  readonly firstSegment: Segment;
  readonly nextSegment: (
    segment: Segment,
    boundary: BoundaryPart,
    left: Pick<Segment, 'positions' | 'isVisual'>,
  ) => Segment;
}

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

/** What every layer keeps, layer by layer. */
export function decoderState(
  architecture: DecoderArchitecture,
  boundaries: readonly BoundaryPart[],
): readonly KeyValueTensor[] {
  const kept = keptOf(architecture);
  return Array.from({ length: architecture.layerCount }, (_, layer) => layer).flatMap((layer) =>
    kept.map(({ name, ...rest }) => ({
      kind: 'key-value',
      name: `${layer}.${name}`,
      ...rest,
      segment: boundaries.filter((boundary) => boundary.layer <= layer).length,
    })),
  );
}

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
  const { pasts, firstKeys } = pastInputs(g, architecture, boundaries);
  const lengths = firstKeys.map((_, segment) =>
    g.input(decoderInput.cachedLength(segment), 'int64', []),
  );
  const kept = boundaries.map(({ kind }, boundary) =>
    kind === 'token-reduction' ? g.input(decoderInput.keptVisual(boundary), 'int64', []) : null,
  );
  const segmentOf = (index: number, places: Pick<Segment, 'positions' | 'isVisual'>): Segment => {
    const length = lengths[index] as Value;
    return {
      ...places,
      index,
      fused,
      future: futureMask(g, places.positions, fused),
      mask: cacheMask(g, firstKeys[index] as Value, length),
      ...totalTokens(g, length, places.positions),
      attended: segmentSymbols(index).attended,
      pairs: segmentSymbols(index).pairs,
      keptCount: kept[index] ?? null,
    };
  };
  const perLayer = pasts.length / architecture.layerCount;
  return {
    embeddings,
    logitRows,
    throughout,
    placed: placing(g, architecture),
    // Of a latent, one tensor is both.
    cachedIn: (layer) => ({
      key: pasts[perLayer * layer] as Value,
      value: pasts[perLayer * (layer + 1) - 1] as Value,
    }),
    firstSegment: segmentOf(0, { positions, isVisual }),
    nextSegment({ index }, boundary, left) {
      const isNew = boundary.kind === 'token-reduction' && boundary.positions === 'renumbered';
      const places = isNew
        ? renumbered(g, left.positions, lengths[index + 1] as Value)
        : left.positions;
      return segmentOf(index + 1, { positions: places, isVisual: left.isVisual });
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

/** The state of every layer, and the first keys of every segment. */
function pastInputs(
  g: GraphBuilder,
  architecture: DecoderArchitecture,
  boundaries: readonly BoundaryPart[],
): { readonly pasts: readonly Value[]; readonly firstKeys: readonly Value[] } {
  const state = decoderState(architecture, boundaries);
  const pasts = state.map((tensor) => {
    const { capacity } = segmentSymbols(tensor.segment);
    return g.input(pastName(tensor), 'float32', [1, tensor.heads, capacity, tensor.size]);
  });
  const firstKeys = Array.from(
    { length: boundaries.length + 1 },
    (_, segment) => pasts[state.findIndex((tensor) => tensor.segment === segment)] as Value,
  );
  return { pasts, firstKeys };
}

/** As many positions [parts, T] as there are, but counted on from what is cached. */
function renumbered(g: GraphBuilder, positions: Value, cachedLength: Value): Value {
  const count = positions.shape[1] as Dim;
  const end = add(g, cachedLength, lengthOf(g, positions, 1));
  const counted = unsqueeze(g, range(g, cachedLength, end, count), 0);
  return repeatAs(g, counted, 0, positions, 0);
}
