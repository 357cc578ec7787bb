/** What nodes take from the published configurations of whole models: each its own part. */
import { describe, expect, it } from 'vitest';
import type { ConfigFiles, JsonObject } from '#engine/contract/config-files.ts';
import type { AnyNodeDefinition } from '#engine/node/any-node-definition.ts';
import type { Params } from '#engine/node/param.ts';
import { config, read, refusal, taken } from '#verify/taking-config.testing.ts';
import { catalogue } from './index.ts';

/** The folder of a recorded model, as it was saved or in the spelling before transformers 5. */
const whole = (name: string, spelling: 'config.json' | 'config.v4.json'): ConfigFiles => ({
  'config.json': read(`${name}/${spelling}`),
  'preprocessor_config.json': read(`${name}/preprocessor_config.json`),
});

const standard = (params: Params): JsonObject =>
  Object.fromEntries(Object.entries(params).map(([name, param]) => [name, param.default]));

describe('a recorded Video-LLaVA, in either spelling', () => {
  it.each(['config.json', 'config.v4.json'] as const)(
    'has a tower for pictures and one for clips, which keeps its class token: %s',
    (spelling) => {
      const files = whole('pipeline/video-llava', spelling);
      const clip: AnyNodeDefinition = catalogue['encoder/clip-vit'];
      const shape = { model: 'custom', imageSize: 24, patchSize: 8, hiddenSize: 28, headCount: 4 };
      for (const [tower, select] of [
        ['pictures', 'patches'],
        ['clips', 'all'],
      ] as const) {
        const params = { ...shape, featureLayer: -2, select };
        expect(taken(clip, files, { tower })).toMatchObject({ ok: true, value: { params } });
        const layouts = clip.keyLayouts?.({ ...standard(clip.params), tower }) ?? [];
        const keys = layouts.map(({ key }) => key('pre_layrnorm.weight'));
        const own = tower === 'clips' ? 'video_tower' : 'image_tower';
        const other = tower === 'clips' ? 'image_tower' : 'video_tower';
        expect(keys).toContain(`${own}.vision_model.pre_layrnorm.weight`);
        expect(keys.join()).not.toContain(other);
      }
      expect(taken(catalogue['vision/preprocess'], files)).toMatchObject({
        ok: true,
        value: { params: { geometry: 'crop', size: 24, resizeTo: 24, normalisation: 'clip' } },
      });
    },
  );
});

describe('a recorded LLaVA, in either spelling', () => {
  it.each(['config.json', 'config.v4.json'] as const)(
    'gives each node of CLIP and LLaMA its own part of %s',
    (spelling) => {
      const files = whole('pipeline/llava-clip-llama', spelling);
      expect(taken(catalogue['encoder/clip-vit'], files)).toEqual({
        ok: true,
        value: {
          params: {
            model: 'custom',
            imageSize: 32,
            patchSize: 8,
            hiddenSize: 32,
            layerCount: 3,
            headCount: 4,
            feedForwardSize: 60,
            activation: 'quick-gelu',
            normEpsilon: 1e-5,
            projectionSize: 16,
            featureLayer: -2,
            select: 'patches',
          },
          took: ['CLIP', '3 layers × 32', '32 px in patches of 8'],
          file: 'config.json',
        },
      });
      expect(taken(catalogue['projector/mlp'], files)).toMatchObject({
        value: {
          params: { inputWidth: 32, outputWidth: 40, depth: 2, activation: 'gelu', bias: true },
        },
      });
      expect(taken(catalogue['language/decoder'], files)).toMatchObject({
        value: {
          params: { model: 'custom', headSize: 10, keyValueHeadCount: 2, rotaryBase: 10_000 },
          took: ['LLaMA', '2 layers × 40', '4 heads, 2 of keys and values', '376 tokens known'],
        },
      });
      expect(taken(catalogue['vision/preprocess'], files)).toMatchObject({
        value: {
          params: { geometry: 'crop', normalisation: 'clip', size: 32, width: 32, resizeTo: 32 },
          file: 'preprocessor_config.json',
        },
      });
    },
  );

  it.each(['config.json', 'config.v4.json'] as const)(
    'gives SigLIP all its tokens, and Phi a head without a bias, from %s',
    (spelling) => {
      const files = whole('pipeline/llava-siglip-phi', spelling);
      expect(taken(catalogue['encoder/siglip'], files)).toMatchObject({
        value: { params: { hiddenSize: 36, featureLayer: -2, select: 'patches' } },
      });
      expect(taken(catalogue['language/decoder'], files)).toMatchObject({
        value: { params: { block: 'parallel', rotaryFraction: 0.5, headBias: false } },
      });
      expect(taken(catalogue['vision/preprocess'], files)).toMatchObject({
        value: { params: { geometry: 'squash', normalisation: 'half', size: 30 } },
      });
    },
  );
});

describe('LLaVA-NeXT', () => {
  const files = config(read('pipeline/llava-next/config.json'));

  it('packs tiles, and reads them with Mistral', () => {
    expect(taken(catalogue['projector/anyres-pack'], files)).toMatchObject({
      value: { params: { packing: 'unpadded' } },
    });
    expect(taken(catalogue['language/decoder'], files)).toMatchObject({
      value: { params: { keyValueHeadCount: 2, headSize: 16, contextLength: 1024 } },
    });
  });
});

describe('parts', () => {
  it('take their figures from the model that they belong to', () => {
    const mixtral = config(read('moe/mixtral-block/case.json')['config'] as JsonObject);
    expect(taken(catalogue['moe/feed-forward'], mixtral)).toMatchObject({
      value: { params: { experts: 6, topK: 2, layers: 'all', renormalise: true } },
    });
    const fastv = config(read('acceleration/fastv/case.json')['config'] as JsonObject);
    expect(taken(catalogue['acceleration/fastv'], fastv)).toMatchObject({
      value: { params: { layer: 2, ratio: 0.75 }, took: ['FastV', 'K 2', 'R 0.75'] },
    });
  });

  it('are not found in a model without them', () => {
    const llama = config(read('slm/llama-mha/config.json'));
    expect(refusal(catalogue['moe/feed-forward'], llama)).toMatch(/no experts/);
    expect(refusal(catalogue['acceleration/fastv'], llama)).toMatch(/does not turn FastV on/);
  });
});

it('a figure that is none is refused in a sentence, whatever stands in its place', () => {
  const odd = { toString: 1 };
  const cases = [
    ['encoder/dinov2', { model_type: 'dinov2_with_registers', num_register_tokens: odd }],
    ['encoder/dinov2', { model_type: 'dinov2', mlp_ratio: odd }],
    ['encoder/clip-vit', { model_type: 'clip_vision_model', projection_dim: odd }],
    ['compression/pixel-shuffle', { model_type: 'idefics3', scale_factor: odd }],
  ] as const;
  for (const [type, json] of cases)
    expect(refusal(catalogue[type], config(json)), type).toMatch(
      /^config\.json cannot be taken: "\w+" is wrong \(.+\)\.$/,
    );
});
