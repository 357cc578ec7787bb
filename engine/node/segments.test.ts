/** How tokens are spread over the segments of a decoder, and a prompt over pieces. */
import { describe, expect, it } from 'vitest';
import type { BoundaryPart } from './part.ts';
import {
  expertChunkTokens,
  prefillChunks,
  prefillChunkTokens,
  segmentLengths,
} from './segments.ts';

const pruning = (layer: number, keptTokens: (count: number) => number): BoundaryPart => ({
  kind: 'token-reduction',
  node: 'pruning',
  layer,
  pruned: 'dropped',
  keptTokens,
  positions: 'kept',
  ranksBy: 'nothing',
  select: () => {
    throw new Error('No graph is built here.');
  },
});
const half = pruning(2, (count) => Math.floor(count / 2));
const none = pruning(5, () => 0);
const exit: BoundaryPart = { kind: 'early-exit', layer: 3, draftLength: 4 };

describe('the segments of a call', () => {
  it('each hold what the boundaries before them let through', () => {
    const lengths = segmentLengths([half, none], { fresh: 20, visual: 13 }, []);
    expect(lengths).toEqual([
      { fresh: 20, visual: 13, cached: 0 },
      { fresh: 13, visual: 6, cached: 0 },
      { fresh: 7, visual: 0, cached: 0 },
    ]);
  });

  it('let all tokens through where what is pruned is masked, of which the next pruning sees none', () => {
    const masked = { ...half, pruned: 'masked' } as BoundaryPart;
    const lengths = segmentLengths([masked, none], { fresh: 20, visual: 13 }, []);
    expect(lengths.map(({ fresh, visual }) => [fresh, visual])).toEqual([
      [20, 13],
      [20, 6],
      [14, 0],
    ]);
  });

  it('find what each has cached, and drop none of an answer of words', () => {
    const lengths = segmentLengths([half, exit], { fresh: 3, visual: 0 }, [20, 13, 13]);
    expect(lengths.map(({ fresh, cached }) => [fresh, cached])).toEqual([
      [3, 20],
      [3, 13],
      [3, 13],
    ]);
  });

  it('behind an early exit see nothing of a token that leaves, and a pruning there has nothing to drop', () => {
    const leaving = { fresh: 1, visual: 0, leaves: true };
    const lengths = segmentLengths([exit, none], leaving, [20, 20, 7]);
    expect(lengths.map(({ fresh }) => fresh)).toEqual([1, 0, 0]);
    const all = segmentLengths([exit], { fresh: 20, visual: 13 }, []);
    expect(all.map(({ fresh }) => fresh)).toEqual([20, 20]);
  });
});

describe('a prompt', () => {
  const causal = { promptAttention: 'causal' } as const;

  it('is read in pieces of nearly one size, none above the limit', () => {
    expect(prefillChunks(1, [], causal)).toEqual([1]);
    expect(prefillChunks(prefillChunkTokens, [], causal)).toEqual([prefillChunkTokens]);
    for (const length of [257, 511, 513, 600, 1023, 4097]) {
      const chunks = prefillChunks(length, [exit], causal);
      expect(chunks.reduce((sum, count) => sum + count, 0)).toBe(length);
      expect(chunks).toHaveLength(Math.ceil(length / prefillChunkTokens));
      expect(Math.max(...chunks)).toBeLessThanOrEqual(prefillChunkTokens);
      expect(Math.max(...chunks) - Math.min(...chunks)).toBeLessThan(chunks.length);
    }
  });

  it('is read in larger pieces where a graph asks for them', () => {
    const reading = { ...causal, chunkTokens: expertChunkTokens };
    expect(prefillChunks(1000, [], reading)).toEqual([1000]);
    expect(prefillChunks(1026, [], reading)).toEqual([513, 513]);
  });

  it('is read at once where a pruning ranks by its last token', () => {
    expect(prefillChunks(1000, [exit, half], causal)).toEqual([1000]);
    expect(prefillChunks(1000, [exit], { promptAttention: 'prefix' })).toEqual([1000]);
    expect(
      prefillChunks(1000, [half], { promptAttention: 'pictures' }, [{ start: 3, count: 9 }]),
    ).toEqual([1000]);
  });

  it('gives each picture a piece where its tokens see each other, and words theirs in between', () => {
    const chunks = (length: number, ...visual: readonly (readonly [number, number])[]) =>
      prefillChunks(
        length,
        [],
        { promptAttention: 'pictures' },
        visual.map(([start, count]) => ({ start, count })),
      );
    expect(chunks(600)).toEqual([200, 200, 200]);
    expect(chunks(40, [10, 4])).toEqual([10, 4, 26]);
    expect(chunks(9, [0, 9])).toEqual([9]);
    expect(chunks(20, [0, 3], [3, 5], [10, 10])).toEqual([3, 5, 2, 10]);
    expect(chunks(1000, [300, 576])).toEqual([150, 150, 576, 124]);
  });
});
