/** Prefill and decode of a language model over its two sessions and its cache. */
import type { LanguageModelStep } from '#engine/plan/host-step.ts';
import { KeyValueCache, type CachedLengths } from './key-value-cache.ts';
import { float32, int32, int64, type Session, type Tensor, type TensorMap } from './sessions.ts';

/** Where the visual tokens lie in a sequence, and how many of them the deeper layers keep. */
export interface VisualTokens {
  readonly start: number;
  readonly count: number;
  readonly kept: number;
}

const noVisualTokens: VisualTokens = { start: 0, count: 0, kept: 0 };

/** What of a step the two sessions need to know. */
export type LanguageShape = Pick<LanguageModelStep, 'keyValues' | 'hiddenSize' | 'acceleration'>;

export class LanguageModel {
  readonly #shape: LanguageShape;
  readonly #embed: Session;
  readonly #decoder: Session;
  readonly #cache: KeyValueCache;
  /** Outputs of a step beside the cache. */
  readonly #wanted: readonly string[];
  #cached: CachedLengths = { full: 0, kept: 0 };

  constructor(shape: LanguageShape, embed: Session, decoder: Session) {
    this.#shape = shape;
    this.#embed = embed;
    this.#decoder = decoder;
    const { keyValues, acceleration } = shape;
    this.#cache = new KeyValueCache(keyValues, acceleration?.layer ?? keyValues.layerCount);
    this.#wanted = decoder.outputNames.filter((name) => !name.startsWith('present.'));
  }

  get keyValueBytes(): number {
    return this.#cache.sizeBytes;
  }

  /** Token ids → their embeddings [count, D]. */
  async embed(ids: readonly number[]): Promise<Float32Array> {
    if (ids.length === 0) return new Float32Array(0);
    const { embeddings } = await this.#embed.run({ ids: int64(ids, [1, ids.length]) });
    return (embeddings as Tensor).data as Float32Array;
  }

  /** Begins a new sequence with embeddings [T, D] → logits [V] of its last place. */
  async prefill(embeddings: Float32Array, visual: VisualTokens | null): Promise<Float32Array> {
    return logitsOf(await this.begin(embeddings, visual, 'last'));
  }

  /** As `prefill`, with every output of the graph; `all` gives the logits [T, V] of every place that is left. */
  begin(
    embeddings: Float32Array,
    visual: VisualTokens | null,
    rows: 'last' | 'all',
  ): Promise<TensorMap> {
    const length = embeddings.length / this.#shape.hiddenSize;
    const dropped = visual ? visual.count - visual.kept : 0;
    this.#cached = { full: 0, kept: 0 };
    this.#cache.clear({ full: length + 1, kept: length - dropped + 1 });
    return this.#advance(embeddings, length, visual ?? noVisualTokens, rows);
  }

  /** One more token → logits [V] of the next. */
  async decode(id: number): Promise<Float32Array> {
    return logitsOf(await this.#advance(await this.embed([id]), 1, noVisualTokens, 'last'));
  }

  async #advance(
    embeddings: Float32Array,
    length: number,
    visual: VisualTokens,
    rows: 'last' | 'all',
  ): Promise<TensorMap> {
    const left = length - visual.count + visual.kept;
    const total = { full: this.#cached.full + length, kept: this.#cached.kept + left };
    this.#cache.ensure(total, this.#cached);
    const { feeds, fetches } = this.#cache.bindings();
    const logitRows = rows === 'last' ? [left - 1] : Array.from({ length: left }, (_, row) => row);
    const outputs = await this.#decoder.run(
      {
        ...feeds,
        ...this.#lengthFeeds(length, total, visual),
        embeddings: float32(embeddings, [1, length, this.#shape.hiddenSize]),
        logitRows: int64(logitRows),
      },
      { ...fetches, ...Object.fromEntries(this.#wanted.map((name) => [name, null])) },
    );
    this.#cached = total;
    return outputs;
  }

  #lengthFeeds(length: number, total: CachedLengths, visual: VisualTokens): Record<string, Tensor> {
    const feeds: Record<string, Tensor> = {
      lastIndex: int32([total.full - 1]),
      totalLength: int32([total.full], []),
    };
    if (this.#decoder.inputNames.includes('positions')) {
      // A kept token keeps its place in the unpruned sequence, and so does what comes after.
      const positions = Array.from({ length }, (_, index) => total.full - length + index);
      feeds['positions'] = int64(positions, [1, length]);
    }
    if (this.#shape.acceleration) {
      Object.assign(feeds, {
        keptLastIndex: int32([total.kept - 1]),
        keptTotalLength: int32([total.kept], []),
        visualStart: int64([visual.start], []),
        visualEnd: int64([visual.start + visual.count], []),
        keptVisual: int64([visual.kept], []),
        scoredLength: int64([visual.count > 0 ? length : 0], []),
      });
    }
    return feeds;
  }
}

function logitsOf(outputs: TensorMap): Float32Array {
  return (outputs['logits'] as Tensor).data as Float32Array;
}
