/** ToMe with proportional attention: what is merged of equal tokens must not be noticed by anyone. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Json } from '#engine/contract/document.ts';
import type { AnyNodeDefinition } from '#engine/node/any-node-definition.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import { config, refusal, taken } from '#verify/taking-config.testing.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { clipVit } from '../encoder/clip-vit.ts';
import { siglip } from '../encoder/siglip.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { largestError, toRows, type Row } from '../slow-formulas.testing.ts';
import { tome } from './tome.ts';

// What is merged is held to the paper in nodes/encoder/encoder-parts.test.ts, and to the authors' code in the cases
// tome-vit and tinychart-tome; they have no tower of CLIP.
let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const side = 20;
const patch = 4;
const columns = side / patch;
const channels = 16;
const figures = {
  model: 'custom',
  imageSize: side,
  patchSize: patch,
  hiddenSize: channels,
  layerCount: 3,
  headCount: 2,
  feedForwardSize: 24,
};

/** Pixels whose patch at each place is the one that `twinOf` names. */
function twinPixels(twinOf: (place: number) => number): Float32Array {
  const pixels = normalNumbers(3 * side * side, 6);
  const at = (channel: number, place: number, row: number, column: number) =>
    (channel * side + Math.floor(place / columns) * patch + row) * side +
    (place % columns) * patch +
    column;
  const twins = Float32Array.from(pixels);
  for (let place = 0; place < columns ** 2; place++)
    for (let channel = 0; channel < 3; channel++)
      for (let row = 0; row < patch; row++)
        for (let column = 0; column < patch; column++)
          twins[at(channel, place, row, column)] =
            pixels[at(channel, twinOf(place), row, column)] ?? NaN;
  return twins;
}

/** An encoder whose patches know nothing of their places, so that equal patches are equal tokens. */
async function openEncoder(definition: AnyNodeDefinition, own: Readonly<Record<string, Json>>) {
  const weights = { kind: 'checkpoint', folder: await bench.newFolder() };
  const single = (merging: Readonly<Record<string, Json>> | null, taps: readonly string[]) => ({
    definition,
    params: { ...figures, featureLayer: -2, ...own, weights },
    inputs: { pixels: { kind: 'pixels', height: side, width: side } as const },
    parts: { parts: merging ? [{ definition: tome, params: merging }] : [] },
    taps,
  });
  const { model } = valueOf(buildSingleNode(single(null, [])));
  await writeKnownWeights(weights.folder, [model], 5, (name, data) => {
    if (name.includes('position_embedding')) data.fill(0);
  });
  return (
    pixels: Float32Array,
    merging: Readonly<Record<string, Json>> | null = null,
    taps: readonly string[] = [],
  ) => bench.runNode(single(merging, taps), { pixels: float32(pixels, [1, 3, side, side]) });
}

test("TinyChart's config.json says how many go in each block", () => {
  const tower = { model_type: 'siglip_vision_model', image_size: 768, tome_r: 84 };
  expect(taken(tome, config(tower))).toMatchObject({
    value: { params: { merged: '84', proportional: true } },
  });
  expect(refusal(tome, config({ model_type: 'siglip_vision_model' }))).toMatch(/"tome_r" is not/);
});

describe.each([
  // Behind the class token, places 2 and 3 are patches 1 and 2.
  ['CLIP', clipVit, { projectionSize: 12, select: 'all' }, 1],
  ['SigLIP', siglip, { select: 'patches' }, 0],
] as const)('equal tokens of %s', (_title, definition, own, prefix) => {
  const pairs = 6;
  const twinOf = (place: number): number => {
    const token = place + prefix;
    return token % 2 === 1 && token >= prefix + 1 && token <= prefix + 2 * pairs
      ? place - 1
      : place;
  };

  test('merged and weighed by their size leave every token what it was', async () => {
    const run = await openEncoder(definition, own);
    const pixels = twinPixels(twinOf);
    const plain = toRows(floatsOf((await run(pixels))['tokens']), channels);
    const setting = { merged: `${pairs} 0`, proportional: true };
    const merged = await run(pixels, setting, ['source', 'size']);
    const sources = toRows(floatsOf(merged['tap.source']), plain.length);
    expect(Array.from(floatsOf(merged['tap.size'])).filter((size) => size === 2)).toHaveLength(
      pairs,
    );
    const expected = sources.map((row) => plain[row.indexOf(1)] as Row);
    expect(largestError(floatsOf(merged['tokens']), expected.flat())).toBeLessThan(1e-5);

    const alike = await run(pixels, { ...setting, proportional: false });
    expect(largestError(floatsOf(alike['tokens']), expected.flat())).toBeGreaterThan(1e-3);
  });
});
