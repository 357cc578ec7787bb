/** Bytes that a graph cannot but move, by hand. */
import { expect, it } from 'vitest';
import { embedIds } from '../onnx/blocks/embedding.ts';
import { chooseThenWeigh } from '../onnx/blocks/expert-choice.ts';
import { routerLogits, routeToExperts } from '../onnx/blocks/expert-routing.ts';
import { linear } from '../onnx/blocks/linear.ts';
import { GraphBuilder } from '../onnx/graph-builder.ts';
import type { StageModel } from '../onnx/model.ts';
import type { BlockFormat } from '../onnx/weight.ts';
import { movedBytes } from './moved-bytes.ts';

const origin = { node: 'test', source: { kind: 'random', seed: 0 }, layouts: [] } as const;

function graphOf(emit: (g: GraphBuilder) => void, blocks: BlockFormat | null = null): StageModel {
  const g = new GraphBuilder();
  g.weightsFrom({ origin, blocks }, () => emit(g));
  return g.finish();
}

it('are the weights once, however many tokens there are, and what comes in and goes out', () => {
  const twice = (g: GraphBuilder): void => {
    const x = g.input('x', 'float32', [1, 'tokens', 64]);
    const up = linear(g, x, 'up', { inputs: 64, outputs: 32, bias: true }); // [1, tokens, 32]
    g.output('y', linear(g, up, 'down', { inputs: 32, outputs: 8, bias: false }));
  };
  const weights = 4 * (64 * 32 + 32 + 32 * 8);
  // What one product hands to the other may stay in a cache.
  for (const tokens of [1, 100])
    expect(movedBytes(graphOf(twice), { tokens })).toBe(weights + 4 * tokens * (64 + 8));
  // Codes of 4 bits and a scale a block, the bias in float32.
  const blocks = (64 * 32 + 32 * 8) / 2 + 4 * ((64 * 32) / 32 + 8) + 4 * 32;
  expect(movedBytes(graphOf(twice, { bits: 4, blockSize: 32 }), { tokens: 1 })).toBe(
    blocks + 4 * (64 + 8),
  );
});

it('are of a table the rows that are looked up', () => {
  const lookUp = (g: GraphBuilder): void => {
    const ids = g.input('ids', 'int64', [1, 'tokens']);
    const table = { vocabularySize: 1000, hiddenSize: 64, embedding: 'table' };
    g.output('embeddings', embedIds(g, ids, table));
  };
  expect(movedBytes(graphOf(lookUp), { tokens: 3 })).toBe(3 * 8 + 2 * 3 * 4 * 64);
  const packed = graphOf(lookUp, { bits: 8, blockSize: 32 });
  expect(movedBytes(packed, { tokens: 3 })).toBe(3 * 8 + 3 * (64 + 2 * 4) + 3 * 4 * 64);
});

it('are of experts those that the tokens are sent to, as many as there are at most', () => {
  const [experts, topK, channels] = [8, 2, 16];
  const model = graphOf((g) => {
    const x = g.input('x', 'float32', [1, 'tokens', channels]);
    const mixed = routeToExperts(g, x, {
      experts,
      topK,
      router: (rows) => routerLogits(g, rows, 'gate', experts),
      choose: (logits) => chooseThenWeigh(g, logits, topK),
      expert: (index, rows) =>
        linear(g, rows, `experts.${index}`, { inputs: channels, outputs: channels, bias: false }),
    });
    g.output('y', mixed);
  });
  const gate = 4 * experts * channels;
  const expert = 4 * channels * channels;
  const ends = (tokens: number): number => 2 * 4 * tokens * channels;
  expect(movedBytes(model, { tokens: 1 })).toBe(gate + 2 * expert + ends(1));
  expect(movedBytes(model, { tokens: 3 })).toBe(gate + 6 * expert + ends(3));
  expect(movedBytes(model, { tokens: 100 })).toBe(gate + 8 * expert + ends(100));
});
