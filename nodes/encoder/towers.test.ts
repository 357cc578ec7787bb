/** What holds of all vision towers: what stands in their way, what their files say, and where their tensors lie. */
import { describe, expect, it, test } from 'vitest';
import type { JsonObject } from '#engine/contract/config-files.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { rowRun, tensorsOf } from '#engine/onnx/weight.ts';
import { config, refusal, taken } from '#verify/taking-config.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { tome } from '../compression/tome.ts';
import { catalogue } from '../index.ts';

type Type = keyof typeof catalogue;

const single = (type: Type, params: JsonObject, height: number, width = height) => ({
  definition: catalogue[type],
  params: { model: 'custom', ...params },
  inputs: { pixels: { kind: 'pixels', height, width } as const },
});

const small = {
  imageSize: 32,
  patchSize: 8,
  hiddenSize: 16,
  layerCount: 2,
  headCount: 2,
  feedForwardSize: 24,
};

describe('a tower that cannot see what it is given says why', () => {
  const clip = { kind: 'pixels', height: 32, width: 32 } as const;

  it.each<[Type, JsonObject, number, string, RegExp]>([
    ['encoder/siglip2', small, 7, 'dimension-mismatch', /no patch of 8 px/],
    ['encoder/idefics3-vision', small, 5, 'dimension-mismatch', /no patch of 8 px/],
    ['encoder/eva', small, 40, 'dimension-mismatch', /^EVA sees 32 × 32 pixels/],
    ['encoder/aimv2', small, 40, 'dimension-mismatch', /^AIMv2 sees 32 × 32 pixels/],
    ['encoder/intern-vit', { ...small, headCount: 3 }, 32, 'arrangement-unsupported', /3 heads/],
    ['encoder/eva02', { ...small, headCount: 8 }, 32, 'arrangement-unsupported', /head of 2 chan/],
    ['encoder/dinov3', { ...small, hiddenSize: 12 }, 32, 'arrangement-unsupported', /head of 6 ch/],
    ['encoder/pixtral', small, 40, 'dimension-mismatch', /up to 32 pixels a side/],
    ['encoder/qwen2-vl-vision', small, 40, 'dimension-mismatch', /multiple of 16/],
    [
      'encoder/qwen2-vl-vision',
      { ...small, windowPixels: 9 },
      32,
      'arrangement-unsupported',
      /window of 9 px/,
    ],
    ['encoder/sam-vit', small, 40, 'dimension-mismatch', /^SAM's tower sees 32 × 32 pixels/],
    ['encoder/vitamin', { positions: 'interpolated' }, 40, 'dimension-mismatch', /halved four/],
    [
      'encoder/idefics3-vision',
      { ...small, patchSize: 1 },
      1025,
      'dimension-mismatch',
      /1024 along/,
    ],
    [
      'encoder/aimv2',
      { ...small, hiddenSize: 18, sinePositions: true },
      32,
      'arrangement-unsupported',
      /18 channels do not divide by four/,
    ],
    [
      'encoder/swin',
      { hiddenSize: 3, feedForwardRatio: 0.1 },
      224,
      'arrangement-unsupported',
      /times 3 channels has none/,
    ],
    ['encoder/swin', {}, 30, 'dimension-mismatch', /does not divide into patches of 4 px/],
    ['encoder/swin', {}, 64, 'dimension-mismatch', /Stage 3 has a grid of 4 × 4/],
    ['encoder/swin', { depths: '2, x' }, 224, 'param-invalid', /"2, x" is no list of layers/],
    ['encoder/swin', { headCounts: '' }, 224, 'param-invalid', /"" is no list of heads/],
    ['encoder/swin', { depths: '2, 2' }, 224, 'arrangement-unsupported', /2 stages have layers, 4/],
    [
      'encoder/swin',
      { headCounts: '3, 6, 12, 7' },
      224,
      'arrangement-unsupported',
      /768 channels of stage 4 do not divide into 7/,
    ],
  ])('%s %o', (type, params, side, code, message) => {
    expect(buildSingleNode(single(type, params, side))).toMatchObject({
      ok: false,
      problems: [{ code, message: expect.stringMatching(message) as string }],
    });
  });

  test.each([
    [{ views: 3, most: 3, items: 1 }, /clip of 3 frames does not/],
    [{ views: 1, most: 1, items: 1 }, /clip of 1 frame does not/],
    // Each is odd, though they are even together.
    [{ views: 8, most: 8, items: 2, mostOfOne: 5 }, /different numbers of frames, up to 5;/],
  ])('so does one for which frames come in pairs: %o', (count, message) => {
    const views = { known: true, media: 'video', ...count } as const;
    const outcome = buildSingleNode({
      ...single('encoder/qwen2-vl-vision', small, 32),
      inputs: { pixels: { ...clip, views } },
    });
    expect(outcome).toMatchObject({
      ok: false,
      problems: [{ message: expect.stringMatching(message) as string }],
    });
  });

  test('and one that turns tokens by their places, where a part would take some out', () => {
    const parts = { parts: [{ definition: tome, params: { merged: '2' } }] };
    const types = [
      'encoder/eva02',
      'encoder/dinov3',
      'encoder/pixtral',
      'encoder/qwen2-vl-vision',
    ] as const;
    for (const type of types)
      expect(buildSingleNode({ ...single(type, small, 32), parts })).toMatchObject({
        ok: false,
        problems: [{ code: 'parts-conflict', port: 'parts' }],
      });
    const added = valueOf(buildSingleNode({ ...single('encoder/eva', small, 32), parts }));
    expect(added.outputs['tokens']).toMatchObject({ count: { tokens: 17 - 2 * 2 } });
  });
});

describe('a published configuration', () => {
  const blip = { model_type: 'blip_2_vision_model' };
  const qwen = { hidden_size: 1280, model_type: 'qwen2_5_vl' };

  it.each<[Type, JsonObject, JsonObject]>([
    ['encoder/eva', { model_type: 'blip-2', vision_config: blip }, { model: 'blip2-g14-224' }],
    [
      'encoder/intern-vit',
      {
        model_type: 'intern_vit_6b',
        norm_type: 'layer_norm',
        qk_normalization: false,
        qkv_bias: true,
      },
      { model: '300m-448' },
    ],
    [
      'encoder/intern-vit',
      {
        model_type: 'intern_vit_6b',
        hidden_size: 3200,
        intermediate_size: 12_800,
        num_attention_heads: 25,
        num_hidden_layers: 45,
        qkv_bias: false,
        qk_normalization: true,
      },
      { model: '6b-448' },
    ],
    [
      'encoder/idefics3-vision',
      {
        model_type: 'idefics3',
        vision_config: {
          model_type: 'smolvlm_vision',
          hidden_size: 768,
          image_size: 512,
          patch_size: 16,
          num_attention_heads: 12,
        },
      },
      { model: 'base-p16-512', featureLayer: -1 },
    ],
    ['encoder/siglip2', { model_type: 'siglip2_vision_model' }, { model: 'base-p16' }],
    ['encoder/aimv2', { model_type: 'aimv2', use_bias: false }, { model: 'large-224' }],
    [
      'encoder/aimv2',
      { model_type: 'aimv2_vision_model', is_native: true },
      { model: 'large-native' },
    ],
    ['encoder/dinov3', { model_type: 'dinov3_vit', num_register_tokens: 4 }, { model: 's16' }],
    [
      'encoder/pixtral',
      { vision_config: { model_type: 'pixtral', hidden_act: 'silu' }, vision_feature_layer: -1 },
      { model: 'pixtral-12b', featureLayer: -1 },
    ],
    ['encoder/qwen2-vl-vision', { vision_config: qwen }, { model: 'qwen2.5-vl-7b' }],
    [
      'encoder/qwen2-vl-vision',
      { vision_config: { ...qwen, out_hidden_size: 8192, intermediate_size: 3456 } },
      { model: 'qwen2.5-vl-72b' },
    ],
    [
      'encoder/qwen2-vl-vision',
      { vision_config: { model_type: 'qwen2_vl', hidden_size: 1536 } },
      { model: 'qwen2-vl-2b', select: 'merged' },
    ],
    ['encoder/swin', { model_type: 'swin' }, { model: 'tiny-224' }],
    [
      'encoder/sam-vit',
      {
        model_type: 'sam',
        vision_config: {
          model_type: 'sam_vision_model',
          hidden_size: 1280,
          num_hidden_layers: 32,
          num_attention_heads: 16,
          global_attn_indexes: [7, 15, 23, 31],
        },
      },
      { model: 'h' },
    ],
  ])('%s: %o', (type, json, params) => {
    expect(valueOf(taken(catalogue[type], config(json))).params).toMatchObject(params);
  });

  it.each<[Type, JsonObject, RegExp]>([
    ['encoder/aimv2', { model_type: 'aimv2', qkv_bias: true }, /with biases is not built/],
    ['encoder/dinov3', { model_type: 'dinov3_vit', value_bias: false }, /other biases/],
    [
      'encoder/qwen2-vl-vision',
      { vision_config: { ...qwen, fullatt_block_indexes: [3, 31] } },
      /not evenly apart/,
    ],
    [
      'encoder/qwen2-vl-vision',
      { vision_config: { ...qwen, spatial_merge_size: 3 } },
      /two by two/,
    ],
    ['encoder/sam-vit', { model_type: 'sam_vision_model', use_rel_pos: false }, /positions/],
    ['encoder/swin', { model_type: 'swin', use_absolute_embeddings: true }, /absolute/],
    ['encoder/pixtral', { model_type: 'clip_vision_model' }, /no Pixtral tower/],
  ])('of another kind is refused by %s: %o', (type, json, sentence) => {
    expect(refusal(catalogue[type], config(json))).toMatch(sentence);
  });
});

describe('every tensor has one place in a checkpoint of each layout', () => {
  const vitamin = { stemSize: 8, secondSize: 8, imageSize: 64, select: 'projected' };
  const types: readonly (readonly [Type, JsonObject, number])[] = [
    ['encoder/siglip', { ...small, select: 'pooled' }, 32],
    ['encoder/siglip2', { ...small, select: 'pooled' }, 32],
    ['encoder/idefics3-vision', small, 32],
    ['encoder/eva', { ...small, select: 'mean' }, 32],
    ['encoder/eva02', { ...small, select: 'mean', innerNorms: 'both' }, 32],
    ['encoder/dinov3', small, 32],
    ['encoder/dinov3', { ...small, gated: true }, 32],
    ['encoder/aimv2', { ...small, select: 'pooled' }, 32],
    ['encoder/intern-vit', { ...small, normedQueryKey: true }, 32],
    ['encoder/pixtral', small, 32],
    ['encoder/qwen2-vl-vision', small, 32],
    ['encoder/vitamin', { ...small, ...vitamin }, 64],
    ['encoder/sam-vit', small, 32],
    ['encoder/swin', { depths: '1, 2', headCounts: '3, 6' }, 64],
  ];

  it.each(types)('%s %o', (type, params, side) => {
    const { model } = valueOf(buildSingleNode(single(type, params, side)));
    const needed = new Map<string, number>();
    for (const { expression } of model.weights)
      for (const { name, shape } of tensorsOf(expression)) needed.set(name, shape[0] ?? 0);
    const layouts = model.origins[0]?.layouts ?? [];
    expect(layouts.length).toBeGreaterThan(0);
    for (const { title, key, cut, owns } of layouts) {
      const rows = new Map<string, number[]>();
      for (const [name, count] of needed) {
        const place = key(name);
        expect(owns(place), `${title}: ${name} at ${place}`).toBe(true);
        const { start, of } = rowRun(cut?.(name) ?? { start: 0, of: count }, count);
        const before = rows.get(place) ?? [];
        for (let row = start; row < start + count; row++) before.push(row);
        rows.set(place, before);
        expect(start + count, `${title}: ${name}`).toBeLessThanOrEqual(of);
      }
      for (const [place, all] of rows)
        expect(new Set(all).size, `${title}: ${place}`).toBe(all.length);
    }
  });
});
