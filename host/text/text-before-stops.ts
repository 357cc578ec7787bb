/** Text up to the first of several stop strings, let out as it grows and never with a part of one. */

/**
 * What `push` and `finish` return, joined, is the text before the stop string that is complete first, wherever the
 * pieces begin and end; of those complete at once the longest counts.
 */
export class TextBeforeStops {
  readonly #stops: readonly string[];
  /** What may be the beginning of a stop string. */
  #held = '';
  #isStopped = false;

  constructor(stops: readonly string[]) {
    this.#stops = stops;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  push(more: string): string {
    if (this.#isStopped || more === '') return '';
    const text = this.#held + more;
    const stop = this.#firstStop(text);
    this.#isStopped = stop !== null;
    const end = stop ?? this.#startOfPart(text);
    this.#held = text.slice(end);
    return text.slice(0, end);
  }

  /** What was held back and became no stop string. To be called once, after the last piece. */
  finish(): string {
    return this.#isStopped ? '' : this.#held;
  }

  /** Where the stop string begins that is complete first; null where there is none. */
  #firstStop(text: string): number | null {
    let [start, end] = [Infinity, Infinity];
    for (const stop of this.#stops) {
      const found = text.indexOf(stop);
      if (found < 0) continue;
      const foundEnd = found + stop.length;
      if (foundEnd < end || (foundEnd === end && found < start)) [start, end] = [found, foundEnd];
    }
    return end === Infinity ? null : start;
  }

  /** Where the longest end of the text begins that a stop string may begin with. */
  #startOfPart(text: string): number {
    let longest = 0;
    for (const stop of this.#stops) {
      let length = Math.min(stop.length - 1, text.length);
      while (length > longest && !stop.startsWith(text.slice(-length))) length--;
      longest = Math.max(longest, length);
    }
    return text.length - longest;
  }
}
