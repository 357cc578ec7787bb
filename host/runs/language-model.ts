/** Prefill and decode of a language model over its two sessions and its cache. */
import type { LanguageModelStep } from '#engine/plan/host-step.ts';
import { KeyValueCache } from './key-value-cache.ts';
import { bool, float32, int64, type Session, type Tensor, type TensorMap } from './sessions.ts';

/** Where the visual tokens lie in a sequence, and how many of them the deeper layers keep. */
export interface VisualTokens {
  readonly start: number;
  readonly count: number;
  readonly kept: number;
}

const noVisualTokens: VisualTokens = { start: 0, count: 0, kept: 0 };

/** Token ids → their embeddings [count, D]. */
export async function embedTokens(session: Session, ids: readonly number[]): Promise<Float32Array> {
  if (ids.length === 0) return new Float32Array(0);
  const { embeddings } = await session.run({ ids: int64(ids, [1, ids.length]) });
  return (embeddings as Tensor).data as Float32Array;
}

/** What of a step the two sessions need to know. */
export type LanguageShape = Pick<LanguageModelStep, 'keyValues' | 'hiddenSize' | 'acceleration'>;

export class LanguageModel {
  readonly #shape: LanguageShape;
  readonly #embed: Session;
  readonly #decoder: Session;
  readonly #cache: KeyValueCache;

  constructor(shape: LanguageShape, embed: Session, decoder: Session) {
    this.#shape = shape;
    this.#embed = embed;
    this.#decoder = decoder;
    const { keyValues, acceleration } = shape;
    this.#cache = new KeyValueCache(keyValues, acceleration?.layer ?? keyValues.layerCount);
  }

  get keyValueBytes(): number {
    return this.#cache.sizeBytes;
  }

  /** Token ids → their embeddings [count, D]. */
  embed(ids: readonly number[]): Promise<Float32Array> {
    return embedTokens(this.#embed, ids);
  }

  /** Begins a new sequence with embeddings [T, D] → logits [V] of its last place. */
  async prefill(
    embeddings: Float32Array,
    visual: VisualTokens | null,
    expected: number,
  ): Promise<Float32Array> {
    return logitsOf(await this.begin(embeddings, visual, 'last', expected));
  }

  /**
   * As `prefill`, with every output of the graph; `all` gives the logits [T, V] of every place that is
   * left. `expected` tokens are to follow.
   */
  begin(
    embeddings: Float32Array,
    visual: VisualTokens | null,
    rows: 'last' | 'all',
    expected: number,
  ): Promise<TensorMap> {
    this.#cache.clear();
    const length = embeddings.length / this.#shape.hiddenSize;
    return this.#advance(embeddings, length, visual ?? noVisualTokens, rows, expected);
  }

  /** One more token → logits [V] of the next. `expected` tokens are to follow. */
  async decode(id: number, expected: number): Promise<Float32Array> {
    const embeddings = await this.embed([id]);
    return logitsOf(await this.#advance(embeddings, 1, noVisualTokens, 'last', expected));
  }

  async #advance(
    embeddings: Float32Array,
    length: number,
    visual: VisualTokens,
    rows: 'last' | 'all',
    expected: number,
  ): Promise<TensorMap> {
    const kept = length - visual.count + visual.kept;
    const logitRows = rows === 'last' ? [kept - 1] : Array.from({ length: kept }, (_, row) => row);
    const outputs = {
      ...(await this.#decoder.run({
        ...this.#cache.feeds(),
        ...this.#sequenceFeeds(length, visual),
        embeddings: float32(embeddings, [1, length, this.#shape.hiddenSize]),
        logitRows: int64(logitRows),
      })),
    };
    this.#cache.append(outputs, { full: length, kept }, expected);
    return outputs;
  }

  #sequenceFeeds(length: number, visual: VisualTokens): Record<string, Tensor> {
    const cached = this.#cache.length;
    // A kept token keeps its place in the unpruned sequence, and so does what comes after.
    const positions = Array.from({ length }, (_, index) => cached.full + index);
    const feeds: Record<string, Tensor> = {
      positions: int64(positions, [1, length]),
      first: bool(cached.full === 0),
      cachedLength: int64([cached.full], []),
    };
    if (!this.#shape.acceleration) return feeds;
    return {
      ...feeds,
      keptCachedLength: int64([cached.kept], []),
      visualStart: int64([visual.start], []),
      visualEnd: int64([visual.start + visual.count], []),
      keptVisual: int64([visual.kept], []),
    };
  }
}

function logitsOf(outputs: TensorMap): Float32Array {
  return (outputs['logits'] as Tensor).data as Float32Array;
}
