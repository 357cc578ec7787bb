/** The ONNX graphs of a decoder-only language model: the embedding table, and all of its blocks. */
import type { BoundaryPart, FeedForwardPart } from '#engine/node/part.ts';
import { expertChunkTokens } from '#engine/node/segments.ts';
import type { GraphBuilder, MatrixFormat } from '#engine/onnx/graph-builder.ts';
import type { CacheFormat } from '#engine/onnx/blocks/cache-format.ts';
import {
  causalAttention,
  type CausalAttentionShape,
} from '#engine/onnx/blocks/causal-attention.ts';
import {
  latentAttention,
  type LatentAttentionShape,
} from '#engine/onnx/blocks/latent-attention.ts';
import { addAndNorm, norm, normOfSum, type Norm } from '#engine/onnx/blocks/norm.ts';
import { turnings, type Turning } from '#engine/onnx/blocks/rotary-positions.ts';
import { add } from '#engine/onnx/operators.ts';
import { gather, slice } from '#engine/onnx/shape-operators.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import type { Dim, Value } from '#engine/onnx/value.ts';
import {
  decoderOutput,
  newName,
  segmentDims,
  type LanguageGraphs,
} from '#engine/node/decoder-protocol.ts';
import { layerRotary, positionParts } from './architecture/positions.ts';
import type { DecoderArchitecture } from './architecture/decoder-architecture.ts';
import { decoderState } from './cached-state.ts';
import { emitBeginning } from './decoder-beginning.ts';
import { emitFeedForward } from './decoder-feed-forward.ts';
import { decoderInputs, type DecoderInputs, type Places, type Segment } from './decoder-inputs.ts';
import {
  embeddingName,
  finalNormName,
  headName,
  layerNames,
  projectInName,
  projectOutName,
} from './names/canonical.ts';
import { prefillFormat, type PrefillPrecision } from './prefill-params.ts';
import { maskVisualTokens, pruneVisualTokens, scoreVisualTokens } from './visual-pruning.ts';
import { emitEmbedding, emitHead, scaledBy, type Vocabulary } from './vocabulary.ts';

export interface DecoderParts {
  /** No two of them for the same layer. */
  readonly feedForwards: readonly FeedForwardPart[];
  /** By ascending layer. */
  readonly boundaries: readonly BoundaryPart[];
  /** What keys and values are kept as between tokens; float32 where left out. */
  readonly cacheFormat?: CacheFormat;
}

/** Both graphs of a language model with what surrounds them. */
export function decoderGraphs(
  architecture: DecoderArchitecture,
  parts: DecoderParts,
  newGraph: (emit: (g: GraphBuilder) => void, format?: MatrixFormat) => StageModel,
  prefillPrecision: PrefillPrecision = 'same',
): LanguageGraphs {
  const { hiddenSize, vocabularySize, contextLength, promptAttention } = architecture;
  const scale = architecture.scaledEmbeddings === 'words' ? architecture.embeddingScale : 1;
  const window = architecture.attentionWindow ?? undefined;
  const emitWhole = (g: GraphBuilder): void => emitDecoder(g, architecture, parts);
  return {
    embed: newGraph((g) => emitEmbedding(g, vocabularyOf(architecture), scale)),
    decoder: {
      model: newGraph(emitWhole),
      state: decoderState(architecture, parts.boundaries, parts.cacheFormat),
      segments: parts.boundaries.length + 1,
      dims: (lengths) => segmentDims(lengths, window),
    },
    ...(prefillPrecision !== 'same' && {
      prefill: {
        model: newGraph(emitWhole, prefillFormat(prefillPrecision)),
        precision: prefillPrecision,
      },
    }),
    hiddenSize,
    vocabularySize,
    contextLength,
    promptAttention,
    ...(parts.feedForwards.length > 0 && { chunkTokens: expertChunkTokens }),
    ...(positionParts(architecture) > 1 && { gridPositions: { clipStep: architecture.clipStep } }),
  };
}

const vocabularyOf = (architecture: DecoderArchitecture): Vocabulary => ({
  ...architecture,
  embedding: embeddingName,
  head: headName,
  projected:
    architecture.embeddingSize === null
      ? null
      : {
          size: architecture.embeddingSize,
          into: projectInName,
          outOf: projectOutName,
        },
});

/**
 * All blocks of a decoder, driven as engine/node/decoder-protocol.ts says.
 * Taps: `embeddings`, what enters the first block; `block.<layer>`, what leaves a block; `final`.
 */
export function emitDecoder(
  g: GraphBuilder,
  architecture: DecoderArchitecture,
  parts: DecoderParts,
): void {
  const { layerCount } = architecture;
  const { boundaries, cacheFormat = 'float32' } = parts;
  const inputs = decoderInputs(g, architecture, boundaries, cacheFormat);
  const first = g.tap('embeddings', emitBeginning(g, architecture, inputs));
  const blocks = new DecoderBlocks(g, architecture, parts, inputs, first);
  const exit = boundaries.find(({ kind }) => kind === 'early-exit');
  blocks.run(0, exit?.layer ?? layerCount);
  if (exit && inputs.throughout) blocks.runIf(inputs.throughout, exit.layer, layerCount);
  g.tap('final', blocks.normed);
  const last = gather(g, blocks.normed, inputs.logitRows, 1);
  g.output(
    decoderOutput.logits,
    g.scope('head', () => emitHead(g, last, vocabularyOf(architecture))),
  );
  const fresh = [...blocks.fresh, ...blocks.masked];
  for (const [index, tensor] of decoderState(architecture, boundaries, cacheFormat).entries())
    g.output(newName(tensor), fresh[index] as Value);
}

/** The residual stream on its way through the layers. */
class DecoderBlocks {
  readonly #g: GraphBuilder;
  readonly #architecture: DecoderArchitecture;
  readonly #parts: DecoderParts;
  readonly #inputs: DecoderInputs;
  readonly #attention: Omit<CausalAttentionShape & LatentAttentionShape, 'turning'>;
  readonly #turning: (layer: number, positions: Value) => Turning | null;
  readonly #norm: Norm;
  /** The residual sum, and what the next layer reads of it. Both [1, sequence, D]. */
  #sum: Value;
  normed: Value;
  /** What is kept of the new tokens, of each layer in turn. */
  fresh: readonly Value[] = [];
  /** Which of the new tokens are masked, of each segment in turn where some can be. */
  masked: readonly Value[] = [];
  #segment: Segment;
  #scores: Value | null = null;

  constructor(
    g: GraphBuilder,
    architecture: DecoderArchitecture,
    parts: DecoderParts,
    inputs: DecoderInputs,
    embeddings: Value,
  ) {
    this.#g = g;
    this.#architecture = architecture;
    this.#parts = parts;
    this.#inputs = inputs;
    const { attentionScale, attentionSoftCap: softCap, headSize } = architecture;
    const scale = attentionScale === 0 ? headSize ** -0.5 : attentionScale;
    const linearBiases = architecture.positions === 'alibi';
    this.#attention = { ...architecture, scale, softCap, linearBiases };
    const [rotary, turning] = [layerRotary(architecture), turnings(g, inputs.placed)];
    this.#turning = (layer, positions) => turning(positions, rotary(layer));
    this.#norm = { kind: architecture.norm, epsilon: architecture.normEpsilon };
    this.#sum = embeddings;
    this.normed = this.#normsBefore(0)
      ? norm(g, embeddings, this.#inputNorm(0), this.#norm)
      : embeddings;
    this.#segment = inputs.firstSegment;
  }

  /** Layers `from` up to but not including `to`. */
  run(from: number, to: number): void {
    for (let layer = from; layer < to; layer++)
      this.#g.scope(`layers.${layer}`, () => this.#runLayer(layer));
  }

  /** As `run`, up to the last layer, unless the stream leaves here. */
  runIf(throughout: Value, from: number, to: number): void {
    const g = this.#g;
    const sum = this.#sum;
    const done = this.fresh;
    let deeper: readonly Value[] = [];
    const [normed, ...rest] = g.chooseAll(
      throughout,
      () => {
        this.run(from, to);
        deeper = this.fresh.slice(done.length);
        return [this.normed, ...deeper];
      },
      () => {
        const none = deeper.map(({ shape }, index) => {
          const known = done[index % done.length] as Value;
          return slice(g, known, 2, g.list(0), g.list(0), shape[2] as Dim);
        });
        // As many rows as left here, whatever a pruning further on would have kept.
        const left = this.#normsBefore(to) ? norm(g, sum, this.#inputNorm(to), this.#norm) : sum;
        return [{ ...left, shape: this.normed.shape }, ...none];
      },
    );
    this.normed = normed as Value;
    this.fresh = [...done, ...rest];
  }

  /** Is what enters a layer normed, or, behind the last one, what enters the head? */
  #normsBefore(layer: number): boolean {
    const { normPlacement, layerCount } = this.#architecture;
    if (normPlacement === 'behind') return layer === layerCount;
    return normPlacement !== 'behind-sum';
  }

  #inputNorm(layer: number): string {
    return layer < this.#architecture.layerCount
      ? layerNames(this.#architecture, layer).inputNorm
      : finalNormName;
  }

  #runLayer(layer: number): void {
    const g = this.#g;
    const names = layerNames(this.#architecture, layer);
    this.#crossBoundary(layer);
    const segment = this.#segment;
    const cached = this.#inputs.cachedIn(layer, segment);
    const shape = { ...this.#attention, turning: this.#turning(layer, segment.positions) };
    const attended = g.scope('attention', () =>
      this.#architecture.attention === 'latent'
        ? latentAttention(g, this.normed, names, shape, cached)
        : causalAttention(g, this.normed, names, shape, cached, segment.positions),
    );
    this.fresh = [...this.fresh, ...attended.kept];
    const boundary = this.#parts.boundaries[segment.index];
    const isRanked =
      boundary?.kind === 'token-reduction' &&
      boundary.layer === layer + 1 &&
      boundary.ranksBy === 'attention';
    this.#scores = isRanked ? scoreVisualTokens(g, attended.met(), segment) : null;

    const { block } = this.#architecture;
    const next = this.#inputNorm(layer + 1);
    const nextIsNormed = this.#normsBefore(layer + 1);
    if (block === 'sequential') {
      const before = this.#normsBefore(layer) ? names.feedForwardNorm : null;
      this.#join(attended.output, names.attendedNorm, before);
      this.#join(this.#feedForward(layer, this.normed), names.fedNorm, nextIsNormed ? next : null);
    } else {
      const read =
        block === 'parallel' ? this.normed : norm(g, this.#sum, names.feedForwardNorm, this.#norm);
      const both = add(g, attended.output, this.#feedForward(layer, read));
      this.#join(both, names.fedNorm, nextIsNormed ? next : null);
    }
    g.tap(`block.${layer}`, this.#sum);
  }

  #crossBoundary(layer: number): void {
    const boundary = this.#parts.boundaries[this.#segment.index];
    if (boundary?.layer !== layer) return;
    let left: Places = this.#segment;
    if (boundary.kind === 'token-reduction' && boundary.pruned === 'masked') {
      left = maskVisualTokens(this.#g, boundary, this.#segment, this.#scores);
    } else if (boundary.kind === 'token-reduction') {
      const rows = [this.#sum, this.normed];
      const pruned = pruneVisualTokens(this.#g, boundary, this.#segment, this.#scores, rows);
      [this.#sum, this.normed] = pruned.rows as [Value, Value];
      left = pruned;
    }
    const { positions, isVisual, masked } = left;
    const places = { positions, isVisual, masked };
    this.#segment = this.#inputs.nextSegment(this.#segment, boundary, places);
    if (masked) this.masked = [...this.masked, masked];
  }

  /** Adds a branch to the residual sum; `own` norms the branch or the sum, `next` what is read of the sum. */
  #join(branch: Value, own: string, next: string | null): void {
    const g = this.#g;
    const { normPlacement, residualScale } = this.#architecture;
    const scaled = scaledBy(g, branch, residualScale);
    if (normPlacement === 'behind-sum') {
      this.#sum = normOfSum(g, this.#sum, scaled, own, this.#norm);
      this.normed = this.#sum;
      return;
    }
    const added = normPlacement === 'before' ? scaled : norm(g, scaled, own, this.#norm);
    if (next === null) {
      this.#sum = add(g, this.#sum, added);
      this.normed = this.#sum;
    } else {
      ({ sum: this.#sum, normed: this.normed } = addAndNorm(g, this.#sum, added, next, this.#norm));
    }
  }

  #feedForward(layer: number, read: Value): Value {
    return emitFeedForward(this.#g, read, this.#architecture, layer, this.#parts.feedForwards);
  }
}
