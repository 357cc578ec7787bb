/** What a decoder was called with, kept so that its arithmetic can be counted once time is no longer taken. */
import { countFlops } from '#engine/estimate/model-cost.ts';
import type { DecoderGraph, SegmentLengths } from '#engine/node/decoder-protocol.ts';

interface AlikeCalls {
  calls: number;
  readonly rows: number;
  readonly segments: readonly SegmentLengths[];
  /** Summed over the calls, by segment. */
  cached: readonly number[];
}

export class CallCount {
  /** By all that is alike in calls but what they found in the cache. */
  readonly #alike = new Map<string, AlikeCalls>();

  /** A call for the logits of so many places. */
  add(segments: readonly SegmentLengths[], rows: number): void {
    const key = `${rows} ${segments.map(({ fresh, visual }) => `${fresh}/${visual}`).join(' ')}`;
    const cached = segments.map((segment) => segment.cached);
    const known = this.#alike.get(key);
    if (known) {
      known.calls += 1;
      known.cached = known.cached.map((sum, segment) => sum + (cached[segment] as number));
    } else {
      this.#alike.set(key, { calls: 1, rows, segments, cached });
    }
  }

  flops({ model, dims }: DecoderGraph): number {
    return [...this.#alike.values()].reduce(
      (sum, alike) =>
        sum + alike.calls * countFlops(model, { ...dims(meanOf(alike)), rows: alike.rows }),
      0,
    );
  }
}

/** The cost of a call grows evenly with what is cached, so that calls alike cost what their mean does. */
function meanOf({ calls, segments, cached }: AlikeCalls): readonly SegmentLengths[] {
  return segments.map((segment, index) => ({
    ...segment,
    cached: (cached[index] as number) / calls,
  }));
}
