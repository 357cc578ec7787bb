/** What calls of a decoder move, from what they were given. */
import { expect, test } from 'vitest';
import { weightBytes } from '#engine/estimate/model-cost.ts';
import { tensorsOf } from '#engine/onnx/weight.ts';
import { initializersOf } from '#engine/onnx/weight-layout.ts';
import { sizeBytes } from '#engine/onnx/value.ts';
import { graphsOf, smallMamba } from '#verify/small-state-space.testing.ts';
import { smallDecoders, smallModels } from '#verify/small-decoder.testing.ts';
import { CallCount } from './call-count.ts';

const oneToken = (cached: number) => [{ fresh: 1, visual: 0, cached }];

test('a step reads the weights, and the keys and values that it finds; more of them are more bytes', () => {
  const architecture = smallDecoders['llama, grouped queries'];
  const { decoder } = smallModels(architecture, 'nowhere');
  const [first, second] = [new CallCount(), new CallCount()];
  first.add(oneToken(10), 1);
  second.add(oneToken(10), 1);
  second.add(oneToken(30), 1);
  const tables = decoder.model.weights.filter(
    ({ expression }) => [...tensorsOf(expression)].length === 0,
  );
  const weights =
    weightBytes(decoder.model) -
    initializersOf({ ...decoder.model, weights: tables }).reduce(
      (sum, table) => sum + sizeBytes(table),
      0,
    );
  const { hiddenSize, vocabularySize, layerCount, keyValueHeadCount, headSize } = architecture;
  // Keys and values of two heads in every layer, float32.
  const heldBytes = 2 * layerCount * keyValueHeadCount * headSize * 4;
  const ends = 4 * (hiddenSize + vocabularySize) + heldBytes;
  const moved = first.movedBytes(decoder);
  // Positions, lengths and flags are a few bytes.
  expect(moved - (weights + ends + 10 * heldBytes)).toBeGreaterThanOrEqual(0);
  expect(moved - (weights + ends + 10 * heldBytes)).toBeLessThan(100);
  expect(second.movedBytes(decoder) - 2 * moved).toBeCloseTo(20 * heldBytes, 6);
});

test('a state of one size is read and written in every step, whatever came before', () => {
  const { decoder } = graphsOf(smallMamba(), 'nowhere', null);
  const [near, far] = [new CallCount(), new CallCount()];
  near.add(oneToken(1), 1);
  far.add(oneToken(1000), 1);
  expect(far.movedBytes(decoder)).toBe(near.movedBytes(decoder));
  expect(near.movedBytes(decoder)).toBeGreaterThan(weightBytes(decoder.model));
});
