/** A language model over its two sessions and its state: prompts are read in pieces, tokens one or several at a time. */
import {
  decoderInput,
  decoderOutput,
  fusedFrom,
  handedOverBytes,
  type LanguageGraphs,
} from '#engine/node/decoder-protocol.ts';
import { gridPositions, type SequencePositions } from '#engine/node/grid-positions.ts';
import {
  prefillChunks,
  segmentLengths,
  type NewTokens,
  type VisualRun,
} from '#engine/node/segments.ts';
import type { BoundaryPart } from '#engine/node/part.ts';
import {
  bool,
  float32,
  int64,
  type Session,
  type Tensor,
  type TensorMap,
} from '../sessions/sessions.ts';
import { collectGarbage } from '../system/collect-garbage.ts';
import type { CallCount } from './call-count.ts';
import { DecoderState, type StateMark } from './decoder-state.ts';
import { embedTokens } from './embed-tokens.ts';
import { cutWhereTheyPart, type HeldPrompt, type PromptTokens } from './held-prompt.ts';
import type { Coming } from './key-value-cache.ts';
import { leaveState, takeLeftState } from './left-state.ts';
import { addSeen, type SeenTokens } from './seen-tokens.ts';

/** Buffers above this are worth the few milliseconds, beside a piece of a long prompt, that it takes to free them. */
const collectedFromBytes = 2 ** 22;

interface Advance {
  readonly embeddings: Float32Array;
  readonly rows: 'last' | 'all';
  readonly coming: Coming;
  readonly visual?: readonly VisualRun[];
  /** Leaves at the early exit. */
  readonly leaves?: boolean;
  /** All of one picture, which see each other. */
  readonly together?: boolean;
  /** Of a prompt. */
  readonly reads?: boolean;
}

export class LanguageModel {
  readonly #graphs: LanguageGraphs;
  readonly #boundaries: readonly BoundaryPart[];
  readonly #embed: Session;
  readonly #decoder: Session;
  readonly #prefill: Session;
  readonly #inputs: ReadonlySet<string>;
  #state: DecoderState;
  #count: CallCount | null = null;
  /** Of the prompt, where positions have three parts. */
  #placed: SequencePositions = gridPositions(0, [], 1);
  #seen: SeenTokens = new Map();

  constructor(
    graphs: LanguageGraphs,
    boundaries: readonly BoundaryPart[],
    embed: Session,
    decoder: Session,
    prefill = decoder,
  ) {
    this.#graphs = graphs;
    this.#boundaries = boundaries;
    this.#embed = embed;
    this.#decoder = decoder;
    this.#prefill = prefill;
    this.#inputs = new Set(graphs.decoder.model.inputs.map(({ name }) => name));
    this.#state = takeLeftState(decoder) ?? new DecoderState(graphs.decoder);
  }

  get state(): Pick<DecoderState, 'length' | 'keyValueBytes' | 'recurrentBytes'> {
    return this.#state;
  }

  /** By the name of a tap, what its graph shows of the prompt that was begun last, summed over the pieces. */
  get seen(): SeenTokens {
    return this.#seen;
  }

  get hiddenSize(): number {
    return this.#graphs.hiddenSize;
  }

  get contextLength(): number {
    return this.#graphs.contextLength;
  }

  /** Token ids → their embeddings [count, D]. */
  embed(ids: readonly number[]): Promise<Float32Array> {
    return embedTokens(this.#embed, ids);
  }

  /** Is done with its state: the next model over the same session may take it over. */
  leaveState(): void {
    leaveState(this.#decoder, this.#state);
  }

  /** What it has read, for a model of the same graphs to go on from. */
  held({ embeddings, visual }: PromptTokens): HeldPrompt {
    const { gridPositions: positions } = this.#graphs;
    return { embeddings, visual, state: this.#state, gridPositions: positions };
  }

  /**
   * Takes over what was read of another prompt by a model of the same graph, as far as this one begins alike → how many of
   * its tokens need not be read again.
   */
  goOnFrom(before: HeldPrompt, prompt: PromptTokens): number {
    const left = cutWhereTheyPart(before, prompt, this.#graphs, this.#boundaries);
    if (left > 0) this.#state = before.state;
    return left;
  }

  /**
   * Begins a new sequence with embeddings [T, D] → logits [V] of its last place. `expected` tokens are to follow. The first
   * `from` are there already.
   */
  async prefill(
    embeddings: Float32Array,
    visual: readonly VisualRun[],
    expected: number,
    from = 0,
  ): Promise<Float32Array> {
    const outputs = await this.begin(embeddings, visual, 'last', expected, from);
    return logitsOf(outputs.at(-1) as TensorMap);
  }

  /**
   * As `prefill`, with every output of the graph for each piece in which the sequence is read; `all` gives the
   * logits of every place that is left.
   */
  async begin(
    embeddings: Float32Array,
    visual: readonly VisualRun[],
    rows: 'last' | 'all',
    expected: number,
    from = 0,
  ): Promise<readonly TensorMap[]> {
    if (from === 0) this.#state.clear();
    this.#seen = new Map();
    const { hiddenSize, promptAttention } = this.#graphs;
    const length = embeddings.length / hiddenSize;
    this.#placed = this.positionsOf(length, visual);
    const pieces: TensorMap[] = [];
    let at = from;
    const counts = prefillChunks(length - from, this.#boundaries, this.#graphs, visual);
    for (const count of counts) {
      // What made the prompt, and what the piece before gave, is done with.
      if (counts.length > 1 && this.#bytesGivenBy(count) > collectedFromBytes) collectGarbage();
      const chunk = embeddings.subarray(at * hiddenSize, (at + count) * hiddenSize);
      const start = at;
      const isPicture = visual.some((run) => run.start === start);
      const together = promptAttention === 'pictures' && isPicture;
      at += count;
      const coming = { certain: length - at, possible: expected };
      const outputs = await this.#advance({
        embeddings: chunk,
        rows,
        coming,
        visual,
        together,
        reads: true,
      });
      this.#seen = addSeen(this.#seen, outputs);
      if (rows === 'all' || at === length) pieces.push(outputs);
    }
    return pieces;
  }

  /** Where the tokens of a prompt stand, for a graph that tells time, row and column apart. */
  positionsOf(length: number, visual: readonly VisualRun[]): SequencePositions {
    const { gridPositions: told } = this.#graphs;
    return told ? gridPositions(length, visual, told.clipStep) : gridPositions(0, [], 1);
  }

  /** More tokens of the sequence → logits [V] of the last, or [count, V] of all. */
  async extend(
    ids: readonly number[],
    rows: 'last' | 'all',
    expected: number,
    { leaves = false }: { readonly leaves?: boolean } = {},
  ): Promise<Float32Array> {
    const embeddings = await this.embed(ids);
    const coming = { certain: 0, possible: expected };
    const outputs = await this.#advance({ embeddings, rows, coming, leaves });
    return logitsOf(outputs);
  }

  /** Counts what follows, until something else is named. */
  countIn(count: CallCount): void {
    this.#count = count;
  }

  /** Forgets the sequence. */
  clear(): void {
    this.#state.clear();
    this.#placed = this.positionsOf(0, []);
  }

  mark(): StateMark {
    return this.#state.mark();
  }

  /** Back to a mark, and on from there with tokens that came after it; all others are forgotten. */
  async keep(mark: StateMark, ids: readonly number[]): Promise<void> {
    const again = this.#state.rewind(mark, ids.length);
    if (again > 0) await this.extend(ids.slice(-again), 'last', 0);
  }

  /** As `keep` of the first `kept` ids, and then on with the others → logits [V] of the last. */
  async resume(
    mark: StateMark,
    ids: readonly number[],
    kept: number,
    expected: number,
  ): Promise<Float32Array> {
    const again = this.#state.rewind(mark, kept);
    return this.extend(ids.slice(kept - again), 'last', expected);
  }

  /** The buffers by which the state of so many tokens comes. */
  #bytesGivenBy(count: number): number {
    const { state, segments } = this.#graphs.decoder;
    return handedOverBytes(
      state,
      Array.from({ length: segments }, () => count),
    );
  }

  async #advance({
    embeddings,
    rows,
    coming,
    visual = [],
    leaves = false,
    together = false,
    reads = false,
  }: Advance): Promise<TensorMap> {
    const fresh = embeddings.length / this.#graphs.hiddenSize;
    const visualCount = visual.reduce((sum, { count }) => sum + count, 0);
    const tokens: NewTokens = { fresh, visual: visualCount, leaves };
    const segments = segmentLengths(this.#boundaries, tokens, this.#state.length);
    // What is left at the end of the layers that are run.
    const left = segments.findLast((segment) => segment.fresh > 0)?.fresh ?? fresh;
    const logitRows = rows === 'last' ? [left - 1] : Array.from({ length: left }, (_, row) => row);
    const feeds: Record<string, Tensor> = {
      [decoderInput.embeddings]: float32(embeddings, [1, fresh, this.#graphs.hiddenSize]),
      [decoderInput.logitRows]: int64(logitRows),
      [decoderInput.throughout]: bool(!leaves),
      [decoderInput.together]: bool(together),
      ...this.#sequenceFeeds(fresh, coming.certain, visual, together),
    };
    for (const [segment, { cached }] of segments.entries())
      feeds[decoderInput.cachedLength(segment)] = int64([cached], []);
    for (const [segment, length] of this.#state.windowLength.entries())
      feeds[decoderInput.windowLength(segment)] = int64([length], []);
    for (const [boundary] of this.#boundaries.entries())
      feeds[decoderInput.keptVisual(boundary)] = int64([segments[boundary + 1]?.visual ?? 0], []);
    const known = Object.entries(feeds).filter(([name]) => this.#inputs.has(name));
    const inputs = { ...this.#state.feeds(), ...Object.fromEntries(known) };
    const session = reads ? this.#prefill : this.#decoder;
    const outputs = { ...(await session.run(inputs, this.#state.places())) };
    this.#count?.add(segments, logitRows.length);
    this.#state.take(
      outputs,
      segments.map((segment) => segment.fresh),
      coming,
    );
    return outputs;
  }

  #sequenceFeeds(
    fresh: number,
    certain: number,
    visual: readonly VisualRun[],
    together: boolean,
  ): Record<string, Tensor> {
    const before = this.#state.length[0] as number;
    const isPrefix = this.#graphs.promptAttention === 'prefix';
    const isLong = before === 0 || (!isPrefix && fresh >= fusedFrom);
    const isVisual = Array.from({ length: fresh }, () => 0);
    for (const { start, count } of visual) isVisual.fill(1, start, start + count);
    return {
      [decoderInput.positions]: this.#positions(before, fresh),
      [decoderInput.reach]: int64([before + fresh + certain - 1], []),
      [decoderInput.fused]: bool(isLong && !together),
      [decoderInput.isVisual]: int64(isVisual),
    };
  }

  /** A kept token keeps its place in the unpruned sequence, and so does what comes after. */
  #positions(before: number, fresh: number): Tensor {
    const places = Array.from({ length: fresh }, (_, index) => before + index);
    if (!this.#graphs.gridPositions) return int64(places, [1, fresh]);
    const { parts, next } = this.#placed;
    const told = parts.flatMap((part) =>
      places.map((place) => part[place] ?? next + place - part.length),
    );
    return int64(told, [parts.length, fresh]);
  }
}

const logitsOf = (outputs: TensorMap): Float32Array =>
  (outputs[decoderOutput.logits] as Tensor).data as Float32Array;
