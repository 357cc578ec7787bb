/** The plain ViT: its published sizes, the pictures that it takes, and what a published configuration says. */
import { expect, it, test } from 'vitest';
import type { JsonObject } from '#engine/contract/config-files.ts';
import { countParameters } from '#engine/estimate/model-cost.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { vit } from './vit.ts';

const single = (params: JsonObject, height: number, width = height) => ({
  definition: vit,
  params,
  inputs: { pixels: { kind: 'pixels', height, width } as const },
});

/** Parameters of the features alone, as timm counts them without a classifier, in millions. */
it.each([
  ['ti16-224', 224, 5.524],
  ['s16-224', 224, 21.67],
  ['b16-224', 224, 85.8],
  ['b16-384', 384, 86.09],
  ['l16-224', 224, 303.3],
  ['h14-224', 224, 630.76],
])('%s has as many parameters as published', (model, side, millions) => {
  const built = valueOf(buildSingleNode(single({ model, select: 'all', featureLayer: -1 }, side)));
  expect(countParameters([built.model]) / 1e6 / millions).toBeCloseTo(1, 3);
});

test('a picture of another shape than the trained one is refused, or has its positions brought along', () => {
  const custom = { model: 'custom', imageSize: 64, imageWidth: 96, patchSize: 16 };
  expect(buildSingleNode(single(custom, 64, 96))).toMatchObject({
    ok: true,
    value: { outputs: { tokens: { grid: { rows: 4, columns: 6 } } } },
  });
  expect(buildSingleNode(single(custom, 64))).toMatchObject({
    ok: false,
    problems: [
      {
        code: 'dimension-mismatch',
        port: 'pixels',
        message: expect.stringMatching(/^ViT sees 96 × 64 pixels, it is given 64 × 64;/) as string,
      },
    ],
  });
  expect(buildSingleNode(single({ ...custom, positions: 'interpolated' }, 64))).toMatchObject({
    ok: true,
    value: { outputs: { tokens: { grid: { rows: 4, columns: 4 } } } },
  });
});

test('a trained picture that is narrower than a patch is refused', () => {
  const narrow = { model: 'custom', imageSize: 64, imageWidth: 8, patchSize: 16 };
  expect(buildSingleNode(single({ ...narrow, positions: 'interpolated' }, 64))).toMatchObject({
    ok: false,
    problems: [{ code: 'arrangement-unsupported', param: 'imageWidth' }],
  });
});

test('config.json says which size it is', () => {
  const taken = (config: JsonObject) => vit.fromConfig?.({ 'config.json': config });
  expect(taken({ model_type: 'vit', image_size: 384 })).toMatchObject({
    ok: true,
    value: { params: { model: 'b16-384' } },
  });
  expect(taken({ model_type: 'vit', hidden_size: 48, layer_norm_eps: 1e-6 })).toMatchObject({
    ok: true,
    value: { params: { model: 'custom', hiddenSize: 48, normEpsilon: 1e-6 } },
  });
  expect(taken({ model_type: 'swin' })).toMatchObject({
    ok: false,
    problems: [{ code: 'config-foreign' }],
  });
});
