/** Resamplers and packers see each view by itself, however many go through one run. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonObject } from '#engine/contract/config-files.ts';
import type { AnyNodeDefinition } from '#engine/node/any-node-definition.ts';
import { knownCount, type WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { largestError } from '../slow-formulas.testing.ts';
import { idefics2Perceiver } from './idefics2-perceiver.ts';
import { ideficsPerceiver } from './idefics-perceiver.ts';
import { meqFormer } from './meq-former.ts';
import { sincosResampler } from './sincos-resampler.ts';
import { tokenpacker } from './tokenpacker.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const [views, channels] = [3, 8];
/** A class token before 4 × 2 patches. */
const count = 9;

const wire = (of: number): WireOf<'tokens'> => ({
  kind: 'tokens',
  views: { known: true, views: of, most: of },
  count: knownCount(count),
  channels,
  prefixTokens: 1,
  grid: { rows: 4, columns: 2 },
});

const sizes = { model: 'custom', hiddenSize: channels, headCount: 2 };
const perceiver = { ...sizes, latentCount: 3, layerCount: 2, headSize: 3 };
const asked = { ...sizes, queryCount: 4, layerCount: 2, feedForwardSize: 10, vocabularySize: 20 };

/** Of each node its params, and the tensors of its ports. */
const nodes: readonly (readonly [AnyNodeDefinition, JsonObject, readonly string[]])[] = [
  [ideficsPerceiver, perceiver, ['tokens']],
  [idefics2Perceiver, { ...perceiver, keyValueHeadCount: 1, projectionSize: 12 }, ['tokens']],
  [sincosResampler, { ...sizes, queryCount: 4 }, ['tokens']],
  [tokenpacker, { innerWidth: 6, headCount: 2, outputWidth: 5 }, ['tokens', 'levels']],
  [meqFormer, { ...asked, joinWidth: 6, outputWidth: 5 }, ['tokens.0', 'tokens.1']],
];

test.for(nodes.map(([definition, ...rest]) => [definition.type, definition, ...rest] as const))(
  '%s',
  async ([, definition, params, tensors]) => {
    const weights = { kind: 'checkpoint', folder: await bench.newFolder() } as const;
    const single = (of: number) => {
      const several = definition.inputs['tokens']?.several === true;
      const inputs = several
        ? { tokens: tensors.map(() => wire(of)) }
        : Object.fromEntries(tensors.map((name) => [name, wire(of)]));
      return { definition, params: { ...params, weights }, inputs };
    };
    await writeKnownWeights(weights.folder, [valueOf(buildSingleNode(single(1))).model], 3);
    const size = count * channels;
    const data = tensors.map((_, index) => normalNumbers(views * size, index + 1));
    const run = async (from: number, to: number): Promise<readonly number[]> => {
      const given = tensors.map((name, index) => {
        const part = data[index]?.slice(from * size, to * size) as Float32Array;
        return [name, float32(part, [to - from, count, channels])] as const;
      });
      const { tokens } = await bench.runNode(single(to - from), Object.fromEntries(given));
      expect(tokens?.dims[0]).toBe(to - from);
      return Array.from(floatsOf(tokens));
    };
    const apart: number[] = [];
    for (let view = 0; view < views; view++) apart.push(...(await run(view, view + 1)));
    expect(largestError(await run(0, views), apart)).toBeLessThan(1e-5);
    expect(
      largestError(apart.slice(0, apart.length / views), apart.slice(-apart.length / views)),
    ).toBeGreaterThan(1e-3);
  },
);
