/**
 * How a language model's graph is driven: its inputs and outputs, the symbols of their sizes, and the state that it
 * carries from token to token. Graphs in nodes/language are built to it; executor, estimate and bench read it.
 */
import type { PromptAttention } from '../onnx/blocks/causal-attention.ts';
import type { StageModel } from '../onnx/model.ts';
import { bytesPerElement, type DataType, type DimBindings } from '../onnx/value.ts';

/**
 * Inputs, beside the state. A graph declares those that it reads; the executor feeds no other.
 * - `embeddings` [1, sequence, D] float32: the new tokens
 * - `positions` [1, sequence] int64; [3, sequence] where time, row and column are told apart
 * - `reach` [] int64: the last position of the sequence as far as it is known, pieces of a prompt still to come included
 * - `logitRows` [rows] int64: the places among the tokens that are left at the end whose logits are wanted
 * - `fused` [] bool: attend by the fused operator, which is the faster where there are many new tokens; where those of a
 *   prompt all see each other, so for a prompt and for nothing else
 * - `isVisual` [sequence] int64: 1 for a visual token, of which pruning parts know nothing else
 * - `keptVisual.<n>` [] int64: how many visual tokens stay behind the n-th boundary, a pruning
 * - `cachedLength.<segment>` [] int64: tokens that the layers of a segment have cached
 * - `windowLength.<segment>` [] int64: as many of these as are left in those of its layers whose attention slides
 * - `together` [] bool: the new tokens are those of one picture and see each other, later ones too; never with `fused`
 * - `throughout` [] bool: go through all layers, not only up to the early exit
 */
export const decoderInput = {
  embeddings: 'embeddings',
  positions: 'positions',
  reach: 'reach',
  logitRows: 'logitRows',
  fused: 'fused',
  isVisual: 'isVisual',
  throughout: 'throughout',
  together: 'together',
  keptVisual: (boundary: number) => `keptVisual.${boundary}`,
  cachedLength: (segment: number) => `cachedLength.${segment}`,
  windowLength: (segment: number) => `windowLength.${segment}`,
} as const;

/** Outputs, beside the state: `logits` [1, rows, V]. */
export const decoderOutput = { logits: 'logits' } as const;

/**
 * Keys or values of one layer, or the scales that go with their codes: [1, heads, capacity, size] goes in,
 * [1, heads, sequence, size] of the new tokens comes out.
 */
export interface KeyValueTensor {
  readonly kind: 'key-value';
  readonly name: string;
  /** Of its numbers; float32 where left out. */
  readonly type?: CachedType;
  readonly heads: number;
  /** Channels of a head. */
  readonly size: number;
  /** Layers between two boundaries hold the same tokens and are one segment. */
  readonly segment: number;
  /** Tokens that one sees, itself included; left out where that is all. */
  readonly window?: number;
}

/** What a recurrent layer remembers, whatever came before: the same shape goes in and comes out. */
export interface RecurrentTensor {
  readonly kind: 'recurrent';
  readonly name: string;
  readonly shape: readonly number[];
}

export type CachedType = Extract<DataType, 'float32' | 'float16' | 'int8'>;

export const cachedType = ({ type = 'float32' }: Pick<KeyValueTensor, 'type'>): CachedType => type;

export type StateTensor = KeyValueTensor | RecurrentTensor;

export const pastName = ({ name }: Pick<StateTensor, 'name'>): string => `past.${name}`;
export const newName = ({ name }: Pick<StateTensor, 'name'>): string => `new.${name}`;

/** Symbols of a segment's sizes. Segment 0 is the whole sequence. */
export function segmentSymbols(segment: number) {
  const sequence = segment === 0 ? 'sequence' : `sequence${segment}`;
  return {
    sequence,
    /** Room for cached tokens. */
    capacity: segment === 0 ? 'capacity' : `capacity${segment}`,
    /** The same of keys and values that one layer has unpacked, which are activations. */
    unpacked: `unpacked${segment}`,
    /** Cached and new tokens together. */
    attended: segment === 0 ? 'attended' : `attended${segment}`,
    /** Query-key pairs that causal attention looks at, for the estimate. */
    pairs: segment === 0 ? 'pairs' : `pairs${segment}`,
    visual: segment === 0 ? 'visual' : `visual${segment}`,
    /** As above, of layers whose attention slides. */
    windowCapacity: `windowCapacity${segment}`,
    windowUnpacked: `windowUnpacked${segment}`,
    windowAttended: `windowAttended${segment}`,
    windowPairs: `windowPairs${segment}`,
  };
}

export interface SegmentLengths {
  /** New tokens that reach the layers of the segment. */
  readonly fresh: number;
  /** Visual ones among them. */
  readonly visual: number;
  readonly cached: number;
}

export interface DecoderGraph {
  readonly model: StageModel;
  readonly state: readonly StateTensor[];
  readonly segments: number;
  /** Sizes of the graph's symbols for one call, by segment. The room for cached tokens is counted apart. */
  readonly dims: (segments: readonly SegmentLengths[]) => DimBindings;
}

export interface PrefillGraph {
  readonly model: StageModel;
  readonly precision: 'w8a8';
}

/** What reads a prompt, whose state the decoder goes on from. */
export const prefillGraph = ({
  decoder,
  prefill,
}: Pick<LanguageGraphs, 'decoder' | 'prefill'>): DecoderGraph =>
  prefill ? { ...decoder, model: prefill.model } : decoder;

/** The graphs of a language model and what surrounds them. */
export interface LanguageGraphs {
  /** `ids` [1, sequence] int64 → `embeddings` [1, sequence, D]. */
  readonly embed: StageModel;
  readonly decoder: DecoderGraph;
  /** The decoder's graph with its matrices in another format, which reads prompts; left out where the decoder does. */
  readonly prefill?: PrefillGraph;
  readonly hiddenSize: number;
  readonly vocabularySize: number;
  readonly contextLength: number;
  readonly promptAttention: PromptAttention;
  /** Tokens of a long prompt that are read at once, where they are not as many as usual. */
  readonly chunkTokens?: number;
  /** Where positions have three parts: how many a step of a clip is long. */
  readonly gridPositions?: { readonly clipStep: number };
}

/** What the sizes of a call follow from, for graphs built by segments, some of whose layers may see a window alone. */
export function segmentDims(
  segments: readonly SegmentLengths[],
  window?: number,
): Record<string, number> {
  const dims: Record<string, number> = { rows: 1 };
  for (const [segment, { fresh, visual, cached }] of segments.entries()) {
    const symbols = segmentSymbols(segment);
    dims[symbols.sequence] = fresh;
    dims[symbols.visual] = visual;
    dims[symbols.pairs] = fresh * cached + (fresh * (fresh + 1)) / 2;
    dims[symbols.attended] = cached + fresh;
    dims[symbols.capacity] = 0;
    dims[symbols.unpacked] = cached;
    if (window === undefined) continue;
    dims[symbols.windowPairs] = windowPairs({ fresh, cached }, window);
    dims[symbols.windowAttended] = tokensHeld(cached, window) + fresh;
    dims[symbols.windowCapacity] = 0;
    dims[symbols.windowUnpacked] = tokensHeld(cached, window);
  }
  return dims;
}

/** The first new tokens may still see all that came before, each one token more than the last; the others a window. */
function windowPairs(
  { fresh, cached }: Pick<SegmentLengths, 'fresh' | 'cached'>,
  window: number,
): number {
  const growing = Math.min(fresh, Math.max(0, window - cached));
  return growing * cached + (growing * (growing + 1)) / 2 + (fresh - growing) * window;
}

/** The sizes of calls that differ in what they find in the cache, on the whole: work grows evenly with each of them. */
export function meanDims(calls: readonly DimBindings[]): DimBindings {
  const [first = {}] = calls;
  return Object.fromEntries(
    Object.keys(first).map((name) => [
      name,
      calls.reduce((sum, dims) => sum + (dims[name] as number), 0) / calls.length,
    ]),
  );
}

/** From so many new tokens on, the fused operator is worth the copy of the cache that it makes. */
export const fusedFrom = 16;

/** Tokens that room for keys and values grows by: masked places cost arithmetic, growing costs a copy of everything. */
export const growthStep = 128;
/** A size that is no multiple of this would waste no less. */
const roundedTo = 16;

/** Places for so many tokens that are certain, and for those of an answer, which may end early, a step ahead. */
export const cacheRoom = (certain: number, possible: number): number =>
  Math.ceil((certain + Math.min(possible, growthStep)) / roundedTo) * roundedTo;

/** Tokens that can be taken back after they were read: the longest run of guesses. */
export const takenBackTokens = 64;

/** Of so many tokens, those that layers still hold: all that the next one sees, and as many more as can be taken back. */
export const tokensHeld = (seen: number, window: number): number =>
  Math.min(seen, window - 1 + takenBackTokens);

/** Bytes of the state once so many tokens have been through the layers of each segment. */
export function stateBytes(
  state: readonly StateTensor[],
  cached: readonly number[],
): { readonly keyValueBytes: number; readonly recurrentBytes: number } {
  return bytesOf(state, ({ segment, window }) => {
    const seen = cached[segment] ?? 0;
    return window === undefined ? seen : tokensHeld(seen, window);
  });
}

/** Bytes that a call with so many new tokens in each segment gives to the state, whatever it keeps of them. */
export function handedOverBytes(state: readonly StateTensor[], fresh: readonly number[]): number {
  const { keyValueBytes, recurrentBytes } = bytesOf(state, ({ segment }) => fresh[segment] ?? 0);
  return keyValueBytes + recurrentBytes;
}

function bytesOf(
  state: readonly StateTensor[],
  tokensIn: (tensor: KeyValueTensor) => number,
): { readonly keyValueBytes: number; readonly recurrentBytes: number } {
  let keyValueBytes = 0;
  let recurrentBytes = 0;
  for (const tensor of state) {
    if (tensor.kind === 'recurrent') {
      recurrentBytes += tensor.shape.reduce((product, size) => product * size, 4);
    } else {
      const numbers = tensor.heads * tensor.size * tokensIn(tensor);
      keyValueBytes += numbers * bytesPerElement[cachedType(tensor)];
    }
  }
  return { keyValueBytes, recurrentBytes };
}
