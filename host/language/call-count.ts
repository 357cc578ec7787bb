/** What a decoder was called with, kept so that its arithmetic can be counted once time is no longer taken. */
import { countFlops } from '#engine/estimate/model-cost.ts';
import { movedBytes } from '#engine/estimate/moved-bytes.ts';
import {
  meanDims,
  stateBytes,
  type DecoderGraph,
  type SegmentLengths,
} from '#engine/node/decoder-protocol.ts';
import type { DimBindings } from '#engine/onnx/value.ts';

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

  flops(graph: DecoderGraph): number {
    return this.#sum(graph, (dims) => countFlops(graph.model, dims));
  }

  /** What the graph reads and gives, and the keys and values that each call finds in the cache. */
  movedBytes(graph: DecoderGraph): number {
    const cachedBytes = [...this.#alike.values()]
      .flatMap(({ calls }) => calls)
      .reduce((sum, segments) => {
        const cached = segments.map((segment) => segment.cached);
        return sum + stateBytes(graph.state, cached).keyValueBytes;
      }, 0);
    return cachedBytes + this.#sum(graph, (dims) => movedBytes(graph.model, dims));
  }

  /** Calls alike cost what one of their mean sizes does. */
  #sum({ dims }: DecoderGraph, costOf: (dims: DimBindings) => number): number {
    return [...this.#alike.values()].reduce((sum, { rows, calls }) => {
      const mean = meanDims(calls.map((segments) => dims(segments)));
      return sum + calls.length * costOf({ ...mean, rows });
    }, 0);
  }
}
