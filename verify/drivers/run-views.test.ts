/** Every node that is a graph gives for each of several views what it gives for that view alone. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Json } from '#engine/contract/document.ts';
import type { AnyNodeDefinition } from '#engine/node/any-node-definition.ts';
import type { View } from '#engine/node/view.ts';
import { knownCount, type ViewCount, type WireType } from '#engine/node/wire.ts';
import { float32 } from '#host/sessions/sessions.ts';
import type { Batch } from '#host/stages/stage-value.ts';
import { catalogue } from '#nodes/index.ts';
import { normalNumbers } from '#nodes/normal-numbers.testing.ts';
import { NodeBench } from '../node-bench.testing.ts';
import { numbersOf, runViews } from './run-views.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

/** Small sizes, of which a node takes those that it has. */
const small: Readonly<Record<string, Json>> = {
  model: 'custom',
  imageSize: 32,
  patchSize: 8,
  hiddenSize: 16,
  layerCount: 2,
  headCount: 2,
  keyValueHeadCount: 1,
  feedForwardSize: 32,
  outputWidth: 24,
  kernel: 2,
  factor: 2,
  route: '0, 0',
  depths: '2, 2',
  headCounts: '2, 4',
  windowSize: 2,
};

const grid = { rows: 4, columns: 4 };
const channels = 16;

const inputs: Readonly<
  Record<string, { readonly wire: WireType; readonly shape: readonly number[] }>
> = {
  pixels: { wire: { kind: 'pixels', height: 32, width: 32 }, shape: [3, 32, 32] },
  tokens: {
    wire: { kind: 'tokens', count: knownCount(16), channels, prefixTokens: 0, grid },
    shape: [16, channels],
  },
};

/** What looks at several views of a picture at once can be given none alone; these have tests of their own. */
const ofSeveral: ReadonlySet<string> = new Set(['encoder/monkey-vit', 'fusion/scale-join']);

/** Nodes that are fed through one input of pixels or tokens, and give tokens. */
const fed = Object.entries<AnyNodeDefinition>(catalogue).flatMap(([type, definition]) => {
  const needed = Object.entries(definition.inputs).filter(([, { optional }]) => optional !== true);
  const [port] = needed[0] ?? [];
  const isFed = needed.length === 1 && port !== undefined && Object.hasOwn(inputs, port);
  if (ofSeveral.has(type)) return [];
  return isFed && definition.body.kind === 'onnx' && Object.hasOwn(definition.outputs, 'tokens')
    ? [{ type, definition, port }]
    : [];
});

const viewsOf = (items: readonly number[]): readonly View[] =>
  items.map((item) => ({
    item,
    media: 'image',
    role: 'whole',
    row: 0,
    column: 0,
    original: { width: 32, height: 32 },
  }));

function batchOf(shape: readonly number[], items: readonly number[]): Batch {
  const size = shape.reduce((product, side) => product * side, 1);
  const numbers = new Float32Array(size * items.length);
  for (const [index, item] of items.entries())
    numbers.set(normalNumbers(size, item + 1), index * size);
  return { tensors: { '': float32(numbers, [items.length, ...shape]) }, views: viewsOf(items) };
}

test('there are nodes of every family that sees', () => {
  expect(fed.map(({ type }) => type)).toEqual(
    expect.arrayContaining(['encoder/clip-vit', 'compression/pixel-shuffle', 'projector/mlp']),
  );
});

/** Encoders whose blocks turn tokens by their places, compare them over time or in windows, and so let none be merged. */
const keepsAll: ReadonlySet<string> = new Set([
  'encoder/dinov3',
  'encoder/eva02',
  'encoder/pixtral',
  'encoder/qwen2-vl-vision',
  'encoder/languagebind-video',
  'encoder/swin',
]);

/** As they are, and encoders with tokens merged inside. */
const plugged = fed.flatMap((each) => [
  { ...each, title: each.type, parts: {} },
  ...(Object.hasOwn(each.definition.inputs, 'parts') && !keepsAll.has(each.type)
    ? [
        {
          ...each,
          title: `${each.type} with ToMe`,
          parts: { parts: [{ definition: catalogue['compression/tome'], params: {}, parts: {} }] },
        },
      ]
    : []),
]);

test.for(plugged)('$title', async ({ definition, port, parts }) => {
  const own = Object.entries(small).filter(([name]) => Object.hasOwn(definition.params, name));
  const node = { definition, params: Object.fromEntries(own), parts };
  const { wire, shape } = inputs[port] as (typeof inputs)[string];
  const give = async (items: readonly number[]): Promise<Float32Array> => {
    const views: ViewCount = { known: true, views: items.length, most: items.length };
    const given = items.length === 1 ? wire : ({ ...wire, views } as WireType);
    const batches = [batchOf(shape, items)];
    const seen = await runViews([node], { port, wire: given, batches }, bench.workbench);
    if (!seen.ok) throw new Error(seen.problems.map(({ message }) => message).join(' '));
    return numbersOf(seen.value.batches);
  };
  const together = await give([0, 1, 2]);
  const alone = [...(await give([0])), ...(await give([1])), ...(await give([2]))];
  expect(together).toHaveLength(alone.length);
  const worst = alone.reduce(
    (most, number, at) => Math.max(most, Math.abs(number - (together[at] as number))),
    0,
  );
  expect(worst).toBeLessThan(1e-4);
});
