/** Several layers of one encoder side by side, in one pass. */
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import type { Json } from '#engine/contract/document.ts';
import type { AnyNodeDefinition } from '#engine/node/any-node-definition.ts';
import type { WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { config, read, taken } from '#verify/taking-config.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { madtp } from '../../compression/madtp.ts';
import { tome } from '../../compression/tome.ts';
import { channelJoin } from '../../fusion/channel-join.ts';
import { catalogue } from '../../index.ts';
import { normalNumbers } from '../../normal-numbers.testing.ts';
import { largestError } from '../../slow-formulas.testing.ts';
import { clipVit } from '../clip-vit.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

type Params = Readonly<Record<string, Json>>;

const small = {
  model: 'custom',
  imageSize: 16,
  patchSize: 4,
  hiddenSize: 16,
  layerCount: 3,
  headCount: 2,
  feedForwardSize: 24,
};

const single = (definition: AnyNodeDefinition, params: Params, wired: readonly string[] = []) => ({
  definition,
  params: { ...small, ...params },
  inputs: { pixels: { kind: 'pixels', height: 16, width: 16 } as const },
  wired,
});

/** Layers −1, −3 and 1 of an encoder: three encoders into a join, and one that gives them all. */
async function bothWays(definition: AnyNodeDefinition, params: Params) {
  const folder = await bench.newFolder();
  const own: Params = { ...params, levels: '−1, -3, 1', weights: { kind: 'checkpoint', folder } };
  const deepest = valueOf(buildSingleNode(single(definition, { ...own, featureLayer: -1 })));
  await writeKnownWeights(folder, [deepest.model], 3);
  const pixels = { pixels: float32(normalNumbers(3 * 16 * 16, 6), [1, 3, 16, 16]) };
  const alone = [-1, -3, -3].map((featureLayer) => single(definition, { ...own, featureLayer }));
  const tokens = alone.map(
    (each) => valueOf(buildSingleNode(each)).outputs['tokens'] as WireOf<'tokens'>,
  );
  const join = { definition: channelJoin, params: {}, inputs: { tokens } };
  const parts = await Promise.all(alone.map((each) => bench.runNode(each, pixels)));
  const feeds = parts.map((part, place) => [`tokens.${place}`, part['tokens']]);
  const together = single(definition, { ...own, featureLayer: -2 }, ['levels']);
  return {
    separate: await bench.runNode(join, Object.fromEntries(feeds)),
    separateWire: valueOf(buildSingleNode(join)).outputs['tokens'],
    together: await bench.runNode(together, pixels),
    togetherWire: valueOf(buildSingleNode(together)).outputs['levels'],
    // What the first output is where nobody asks for the second.
    plain: await bench.runNode(single(definition, { ...own, featureLayer: -2 }), pixels),
  };
}

it.each<[keyof typeof catalogue, Params]>([
  ['encoder/clip-vit', {}],
  ['encoder/clip-vit', { select: 'all' }],
  ['encoder/siglip', {}],
  ['encoder/siglip2', {}],
  ['encoder/dinov2', { registerCount: 2 }],
  ['encoder/dinov3', { select: 'all' }],
  ['encoder/vit', {}],
  ['encoder/eva', {}],
  ['encoder/eva02', { innerNorms: 'both' }],
  ['encoder/aimv2', {}],
  ['encoder/intern-vit', {}],
])('%s %j gives in one pass what several encoders joined by channel give', async (type, params) => {
  const both = await bothWays(catalogue[type], params);
  expect(both.togetherWire).toEqual(both.separateWire);
  expect(both.together['levels']?.dims).toEqual(both.separate['tokens']?.dims);
  const [joined, expected] = [floatsOf(both.together['levels']), floatsOf(both.separate['tokens'])];
  expect(largestError(joined, expected)).toBeLessThan(2e-5);
  expect(Object.keys(both.plain)).toEqual(['tokens']);
  const [beside, plain] = [floatsOf(both.together['tokens']), floatsOf(both.plain['tokens'])];
  expect(largestError(beside, plain)).toBeLessThan(2e-5);
});

test('each layer is run once, and those behind the last one asked for not at all', () => {
  const weightsOf = (params: Params, wired: readonly string[] = []) =>
    valueOf(buildSingleNode(single(clipVit, params, wired))).model.weights.length;
  const two = weightsOf({ featureLayer: -2 });
  expect(weightsOf({ featureLayer: -2, levels: '-2, 1, 0' }, ['levels'])).toBe(two);
  expect(weightsOf({ featureLayer: -4, levels: '2, 1' }, ['levels'])).toBe(two);
  expect(weightsOf({ featureLayer: -2, levels: '-1' })).toBe(two);
});

describe('layers that cannot be joined', () => {
  const problems = (levels: string, parts?: Parameters<typeof buildSingleNode>[0]['parts']) => {
    const node = { ...single(clipVit, { levels }, ['levels']), ...(parts && { parts }) };
    const outcome = buildSingleNode(node);
    return outcome.ok ? [] : outcome.problems.map(({ message }) => message);
  };

  it.each([
    [
      '-2, last',
      '"last" is no layer; write whole numbers with commas between them, such as −2, −5, 6.',
    ],
    ['', '"" is no layer; write whole numbers with commas between them, such as −2, −5, 6.'],
    [
      '-2, 4',
      'CLIP has 3 layers, and 4 is none of them; list layers from −4 to −1, or from 0 to 3.',
    ],
    ['-5', 'CLIP has 3 layers, and -5 is none of them; list layers from −4 to −1, or from 0 to 3.'],
  ])('"%s" is refused where the output is wired, and only there', (levels, message) => {
    expect(problems(levels)).toEqual([message]);
    expect(buildSingleNode(single(clipVit, { levels })).ok).toBe(true);
  });

  test('layers between which a part takes tokens out are refused', () => {
    const merging = { parts: [{ definition: tome, params: {} }] };
    const message =
      'A part takes tokens out between the layers that are joined, and channels join token by token; unplug it, or join layers before it begins.';
    expect(problems('-2, 1', merging)).toEqual([message]);
    expect(problems('0', merging)).toEqual([]);
    const pruning = { parts: [{ definition: madtp, params: {} }] };
    expect(problems('-2, 1', pruning)).toEqual([message]);
  });
});

describe('a configuration that takes several layers', () => {
  const llava = read('pipeline/llava-clip-llama/config.json');
  const params = (more: object) => {
    const outcome = taken(clipVit, config({ ...llava, ...more }));
    return outcome.ok ? outcome.value.params : outcome.problems.map(({ message }) => message);
  };

  test('of LLaVA lists them, and leaves the last of them to the first output', () => {
    expect(params({ vision_feature_layer: [-2, 1] })).toMatchObject({
      levels: '-2, 1',
      featureLayer: -2,
      select: 'patches',
    });
    expect(params({ vision_feature_layer: [-2] })).not.toHaveProperty('levels');
    expect(params({ vision_feature_layer: 0 })).not.toHaveProperty('levels');
  });

  test('of ViP-LLaVA lists them in the plural, or means five', () => {
    const vision_config = { ...(llava['vision_config'] as object), num_hidden_layers: 24 };
    const vip = { model_type: 'vipllava', vision_config, vision_feature_layer: undefined };
    expect(params(vip)).toMatchObject({ levels: '-2, -5, -8, -11, 6', featureLayer: -2 });
    const own = { ...vip, vision_feature_layers: [-3, 20] };
    expect(params(own)).toMatchObject({ levels: '-3, 20', featureLayer: -3 });
  });

  test('that there are not is refused', () => {
    const vip = { model_type: 'vipllava', vision_feature_layers: [-40, 6] };
    expect(params(vip)).toEqual([expect.stringMatching(/Taking layer -40 of/)]);
  });
});
