/** What a decoder was called with, kept so that its arithmetic can be counted once time is no longer taken. */
import { countFlops } from '#engine/estimate/model-cost.ts';
import { meanDims, type DecoderGraph, type SegmentLengths } from '#engine/node/decoder-protocol.ts';

interface AlikeCalls {
  readonly rows: number;
  readonly calls: (readonly SegmentLengths[])[];
}

export class CallCount {
  /** By all that is alike in calls but what they found in the cache. */
  readonly #alike = new Map<string, AlikeCalls>();

  /** A call for the logits of so many places. */
  add(segments: readonly SegmentLengths[], rows: number): void {
    const key = `${rows} ${segments.map(({ fresh, visual }) => `${fresh}/${visual}`).join(' ')}`;
    const known = this.#alike.get(key);
    if (known) known.calls.push(segments);
    else this.#alike.set(key, { rows, calls: [segments] });
  }

  /** Calls alike cost what one of their mean sizes does. */
  flops({ model, dims }: DecoderGraph): number {
    return [...this.#alike.values()].reduce((sum, { rows, calls }) => {
      const mean = meanDims(calls.map((segments) => dims(segments)));
      return sum + calls.length * countFlops(model, { ...mean, rows });
    }, 0);
  }
}
