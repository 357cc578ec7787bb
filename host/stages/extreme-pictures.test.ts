/** The smallest picture there is and a very long one, through everything that prepares pictures. */
import { describe, expect, it } from 'vitest';
import type { Json } from '#engine/contract/document.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import type { AnyNodeDefinition, Catalogue } from '#engine/node/any-node-definition.ts';
import type { Param } from '#engine/node/param.ts';
import type { WireOf } from '#engine/node/wire.ts';
import { planGraph } from '#engine/plan/plan.ts';
import { catalogue } from '#nodes/index.ts';
import { tiledViews, wholeViews } from './picture-views.ts';
import type { StageValue } from './stage-value.ts';
import { unplannedPicture } from './unplanned-picture.ts';

interface Picture {
  readonly width: number;
  readonly height: number;
}

const pictures: readonly Picture[] = [
  { width: 1, height: 1 },
  { width: 20_000, height: 20 },
  { width: 20, height: 20_000 },
  // Fewer pixels than there may be crops.
  { width: 65, height: 1 },
];

/** Of all greys between black and white. */
function drawn({ width, height }: Picture): StageValue {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, index) => (index * 37) % 256);
  return { kind: 'image', media: 'image', images: [{ width, height, data }] };
}

type Values = Readonly<Record<string, Json>>;

/** The defaults, then one parameter at a time: each choice, both flags, the least of a number; and the most crops. */
function variants({ params }: AnyNodeDefinition): readonly Values[] {
  const of = (param: Param): readonly Json[] => {
    if (param.kind === 'choice') return param.options.map(({ value }) => value);
    if (param.kind === 'flag') return [true, false];
    return param.kind === 'integer' || param.kind === 'number' ? [param.min] : [];
  };
  const each = Object.entries<Param>(params).flatMap(([name, param]) =>
    of(param).map((value) => ({ [name]: value })),
  );
  return [{}, ...each, { mostCrops: 64, leastCrop: 1, leastRatio: 1 }];
}

const side = 32;

/** The sentence that refuses a picture; null where it becomes the pixels that the wire says. */
function prepared(type: string, values: Values, picture: Picture): string | null {
  const definition = (catalogue as Catalogue)[type] as AnyNodeDefinition;
  const own: Record<string, Json> = { size: side, longestEdge: 64, mostPixels: 4096, ...values };
  own['pictureWidth'] = picture.width;
  own['pictureHeight'] = picture.height;
  const params = Object.fromEntries(
    Object.entries(own).filter(([name]) => Object.hasOwn(definition.params, name)),
  );
  const sketch = { image: ['input/image'], node: [type, params] } as const;
  const document = sketchDocument(sketch, ['image.image > node.image']);
  const versioned = { ...document.nodes['node']!, version: definition.version };
  const checked = checkGraph(
    { ...document, nodes: { ...document.nodes, node: versioned } },
    catalogue,
  );
  const plan = planGraph(checked, { until: 'node' });
  if (!plan.ok) return plan.problems[0]!.message;
  const body = plan.value.stages.at(-1)!.body;
  if (body.kind !== 'host' || (body.step.kind !== 'preprocess' && body.step.kind !== 'tile'))
    throw new Error(`"${type}" prepares no pictures.`);
  const { step } = body;
  const given = [drawn(picture)];
  const other = unplannedPicture(given, step.recipe);
  if (other) return other.message;
  const batch =
    step.kind === 'tile' ? tiledViews(given, step.recipe) : wholeViews(given, step.recipe);
  const { dims, data } = batch.tensors['']!;
  const wire = checked.nodes['node']!.outputs['pixels'] as WireOf<'pixels'>;
  expect(dims.slice(1)).toEqual([3, wire.height, wire.width]);
  expect(dims[0]).toBeGreaterThan(0);
  expect(dims[0]).toBeLessThanOrEqual(wire.views?.most ?? 1);
  expect(batch.views).toHaveLength(dims[0]!);
  const numbers = data as Float32Array;
  expect(numbers.length).toBe(dims.reduce((product, size) => product * size, 1));
  expect(numbers.every((number) => Math.abs(number) < 4)).toBe(true);
  return null;
}

/** Those that read pictures as files have them; what comes behind these sees pixels of a size that it knows. */
const types = Object.values(catalogue as Catalogue)
  .filter(
    ({ family, inputs, outputs }) =>
      family === 'vision' && Object.hasOwn(inputs, 'image') && Object.hasOwn(outputs, 'pixels'),
  )
  .map(({ type }) => type);

describe.each(pictures)('a picture of $width × $height pixels', (picture) => {
  it.each(types)('goes through %s, or is refused in a sentence', (type) => {
    const definition = (catalogue as Catalogue)[type] as AnyNodeDefinition;
    let taken = 0;
    for (const values of variants(definition)) {
      const became = prepared(type, values, picture);
      if (became === null) taken += 1;
      else expect(became, JSON.stringify(values)).toMatch(/^\p{Lu}.*; .*\.$/u);
    }
    // Slices alone are for pictures that are larger than one.
    expect(taken > 0 || type === 'vision/uhd-slices').toBe(true);
  });
});
