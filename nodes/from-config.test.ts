/** What nodes take from the published configurations of the recorded models. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ConfigFileName, ConfigFiles, JsonObject } from '#engine/contract/config-files.ts';
import { paramSchema, type Params } from '#engine/node/param.ts';
import type { AnyNodeDefinition } from '#engine/node/any-node-definition.ts';
import { catalogue } from './index.ts';

const recorded = join(import.meta.dirname, '..', 'verify', 'recorded');

const read = (path: string): JsonObject =>
  JSON.parse(readFileSync(join(recorded, path), 'utf8')) as JsonObject;

/** The folder of a recorded model, as it was saved or in the spelling before transformers 5. */
const whole = (name: string, spelling: 'config.json' | 'config.v4.json'): ConfigFiles => ({
  'config.json': read(`${name}/${spelling}`),
  'preprocessor_config.json': read(`${name}/preprocessor_config.json`),
});

const config = (json: JsonObject): ConfigFiles => ({ 'config.json': json });

const standard = (params: Params): JsonObject =>
  Object.fromEntries(Object.entries(params).map(([name, param]) => [name, param.default]));

function taken(definition: AnyNodeDefinition, files: ConfigFiles, present: JsonObject = {}) {
  const outcome = definition.fromConfig?.(files, present);
  if (!outcome) throw new Error(`"${definition.type}" takes no configuration.`);
  return outcome;
}

function refusal(definition: AnyNodeDefinition, files: ConfigFiles): string {
  const outcome = taken(definition, files);
  return outcome.ok ? 'taken' : outcome.problems.map(({ message }) => message).join(' ');
}

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
        value: { params: { keyNames: 'phi', rotaryFraction: 0.5, headBias: false } },
      });
      expect(taken(catalogue['vision/preprocess'], files)).toMatchObject({
        value: { params: { geometry: 'squash', normalisation: 'half', size: 30 } },
      });
    },
  );
});

const languageModels = readdirSync(join(recorded, 'slm'));

describe('a language model', () => {
  it.each(languageModels)('%s gives the same parameters in both spellings, all valid', (name) => {
    const since = taken(catalogue['language/decoder'], config(read(`slm/${name}/config.json`)));
    const before = taken(catalogue['language/decoder'], config(read(`slm/${name}/config.v4.json`)));
    expect(since).toEqual(before);
    if (!since.ok) throw new Error(refusal(catalogue['language/decoder'], {}));
    const declared: Params = catalogue['language/decoder'].params;
    const invalid = Object.entries(since.value.params).filter(
      ([param, value]) => !paramSchema(declared[param]!).safeParse(value).success,
    );
    expect(invalid).toEqual([]);
  });

  it('is the published one where every figure is the same, so that its name stays', () => {
    const qwen = {
      model_type: 'qwen2',
      hidden_size: 896,
      intermediate_size: 4864,
      max_position_embeddings: 32_768,
      num_attention_heads: 14,
      num_hidden_layers: 24,
      num_key_value_heads: 2,
      rms_norm_eps: 1e-6,
      rope_theta: 1_000_000,
      tie_word_embeddings: true,
      vocab_size: 151_936,
    };
    expect(taken(catalogue['language/decoder'], config(qwen))).toMatchObject({
      value: {
        params: { model: 'qwen2-0.5b' },
        took: ['Qwen2', '24 layers × 896', '14 heads, 2 of keys and values', '151936 tokens known'],
      },
    });
  });

  it('is filled up with what the library means by saying nothing', () => {
    const text = { model_type: 'llama', vocab_size: 32_064, max_position_embeddings: 4096 };
    const files = config({ model_type: 'llava', text_config: { ...text, rms_norm_eps: 1e-5 } });
    expect(taken(catalogue['language/decoder'], files)).toMatchObject({
      value: {
        params: { vocabularySize: 32_064, hiddenSize: 4096, layerCount: 32, headSize: 128 },
      },
    });
  });

  it('of what is not built says what that is', () => {
    const llama = read('slm/llama-mha/config.json');
    const decoder = catalogue['language/decoder'];
    const scaled = { rope_parameters: { rope_type: 'longrope', rope_theta: 10_000 } };
    expect(refusal(decoder, config({ model_type: 'rwkv' }))).toBe(
      'The language model family "rwkv" is not built yet.',
    );
    expect(refusal(decoder, config({ ...llama, ...scaled }))).toBe(
      'Rotary scaling "longrope" is not built yet.',
    );
    expect(refusal(decoder, config({ ...llama, hidden_size: 'wide' }))).toMatch(/"hidden_size" is/);
    expect(refusal(decoder, {})).toMatch(/no config\.json/);
  });

  it('whose attention slides is refused, unless the window holds the whole context', () => {
    const decoder = catalogue['language/decoder'];
    const mistral = (changes: JsonObject) =>
      config({ ...read('slm/llama-mha/config.json'), model_type: 'mistral', ...changes });
    const refused = 'Attention in a sliding window is not built yet.';
    expect(refusal(decoder, mistral({}))).toBe('taken');
    expect(refusal(decoder, mistral({ max_position_embeddings: 32_768 }))).toBe(refused);
    expect(refusal(decoder, mistral({ sliding_window: null }))).toBe('taken');
    expect(refusal(decoder, mistral({ sliding_window: 6 }))).toBe(refused);
    const qwen = read('slm/qwen2/config.json');
    const mixed = { layer_types: ['full_attention', 'sliding_attention'] };
    expect(refusal(decoder, config({ ...qwen, ...mixed }))).toBe(refused);
  });
});

describe('a Mamba', () => {
  const mamba = catalogue['language/mamba'];
  const authors = {
    d_model: 2560,
    n_layer: 64,
    vocab_size: 50_277,
    ssm_cfg: {},
    rms_norm: true,
    residual_in_fp32: true,
    pad_vocab_size_multiple: 8,
  };

  it('is the published one in either spelling, its vocabulary filled up as its authors do', () => {
    expect(taken(mamba, config(authors))).toMatchObject({
      value: {
        params: { model: 'mamba-2.8b' },
        took: ['Mamba', '64 layers × 2560', 'state of 16', '50280 tokens known'],
      },
    });
    const huggingFace = {
      model_type: 'mamba',
      hidden_size: 768,
      num_hidden_layers: 24,
      time_step_rank: 48,
      vocab_size: 50_280,
    };
    expect(taken(mamba, config(huggingFace))).toMatchObject({
      value: { params: { model: 'mamba-130m' } },
    });
  });

  it('has the figures of its blocks where its authors keep them', () => {
    const blocks = { d_state: 8, d_conv: 3, expand: 3, dt_rank: 5, bias: true, conv_bias: false };
    expect(taken(mamba, config({ ...authors, ssm_cfg: blocks, rms_norm: false }))).toMatchObject({
      value: {
        params: {
          model: 'custom',
          innerSize: 7680,
          stateSize: 8,
          kernelSize: 3,
          stepRank: 5,
          projectionBias: true,
          convolutionBias: false,
          norm: 'layer',
        },
      },
    });
  });

  it('with other blocks, or no Mamba at all, is refused with what it is', () => {
    expect(refusal(mamba, config({ ...authors, ssm_cfg: { layer: 'Mamba2' } }))).toBe(
      'The block "Mamba2" is not built yet.',
    );
    expect(refusal(mamba, config({ ...authors, attn_layer_idx: [9] }))).toMatch(
      /Attention between/,
    );
    expect(refusal(mamba, config({ model_type: 'falcon_mamba' }))).toMatch(/"falcon_mamba" is not/);
    expect(refusal(mamba, config(read('slm/llama-mha/config.json')))).toBe(
      'config.json describes no Mamba but "llama"; choose the node of its family.',
    );
    expect(refusal(catalogue['language/decoder'], config({ model_type: 'mamba' }))).toMatch(
      /choose the node "Mamba"/,
    );
  });
});

describe('a vision tower', () => {
  it('alone leaves it open which layer is taken', () => {
    const files = config(read('encoder/clip-vit-gelu/config.json'));
    const outcome = taken(catalogue['encoder/clip-vit'], files);
    expect(outcome).toMatchObject({
      value: {
        params: { imageSize: 29, activation: 'gelu', normEpsilon: 1e-6, projectionSize: 20 },
      },
    });
    expect(JSON.stringify(outcome)).not.toContain('featureLayer');
  });

  it('of a whole CLIP that says only its family is what the library means by that', () => {
    const files = config({
      model_type: 'siglip',
      vision_config: { model_type: 'siglip_vision_model' },
    });
    expect(taken(catalogue['encoder/siglip'], files)).toMatchObject({
      value: { params: { model: 'base-p16-224' } },
    });
  });

  it('of another family is not taken for one of its own', () => {
    const files = config(read('encoder/siglip/config.json'));
    expect(refusal(catalogue['encoder/clip-vit'], files)).toMatch(
      /no CLIP tower; what sees in it is "siglip_vision_model"/,
    );
  });

  it('whose first patch would be left out as a class token is refused', () => {
    const files = config({
      ...read('pipeline/llava-siglip-phi/config.json'),
      vision_feature_select_strategy: 'default',
    });
    expect(refusal(catalogue['encoder/siglip'], files)).toMatch(/first patch/);
  });
});

describe('projectors and shuffles', () => {
  const text_config = { hidden_size: 40 };
  const vision_config = { hidden_size: 16 };
  it.each([
    [
      'projector/mlp',
      { model_type: 'internvl', downsample_ratio: 0.5 },
      { inputWidth: 64, inputNorm: true },
    ],
    [
      'projector/mlp',
      { model_type: 'lfm2_vl', projector_hidden_size: 52 },
      { inputWidth: 64, hiddenWidth: 52 },
    ],
    [
      'projector/mlp',
      { model_type: 'llava', vision_feature_layer: [-2, -5] },
      { inputWidth: 32, outputWidth: 40 },
    ],
    [
      'projector/mlp',
      { mm_projector_type: 'mlp3x_gelu', mm_hidden_size: 8 },
      { inputWidth: 8, depth: 3 },
    ],
    [
      'projector/linear',
      { model_type: 'smolvlm', scale_factor: 4 },
      { inputWidth: 256, bias: false },
    ],
    [
      'projector/linear',
      { mm_projector_type: 'linear', mm_hidden_size: 8 },
      { inputWidth: 8, bias: true },
    ],
    [
      'projector/q-former',
      { model_type: 'blip-2', qformer_config: { model_type: 'blip_2_qformer' } },
      { model: 'blip2', inputWidth: 1408, outputWidth: 40 },
    ],
    [
      'projector/q-former',
      { model_type: 'instructblip', qformer_config: { vocab_size: 30_523 } },
      { model: 'instructblip', inputWidth: 1408, outputWidth: 40 },
    ],
    [
      'projector/q-former',
      { model_type: 'instructblip_qformer', num_hidden_layers: 3, vocab_size: 50 },
      { model: 'custom', layerCount: 3, lookEvery: 2, vocabularySize: 50, queryCount: 32 },
    ],
    ['text/embedding', { model_type: 'bert' }, { model: 'bert-base' }],
    ['text/embedding', { model_type: 'bert', vocab_size: 9 }, { model: 'custom', hiddenSize: 768 }],
    ['compression/pixel-shuffle', { model_type: 'internvl', downsample_ratio: 0.5 }, { factor: 2 }],
    ['compression/pixel-shuffle', { model_type: 'idefics3', scale_factor: 3 }, { factor: 3 }],
  ] as const)('%s takes %j', (type, said, params) => {
    const files = config({ text_config, vision_config, ...said });
    expect(taken(catalogue[type], files)).toMatchObject({ value: { params } });
  });

  it('are not found in a model that has others', () => {
    const files = config({ model_type: 'qwen2_vl', text_config, vision_config });
    for (const type of [
      'projector/mlp',
      'projector/linear',
      'projector/q-former',
      'compression/pixel-shuffle',
    ] as const)
      expect(refusal(catalogue[type], files)).toMatch(/config\.json describes no .*"qwen2_vl"/);
  });
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

describe('a table of tokens', () => {
  it('is that of the language model, as far as the table goes', () => {
    const gemma = config(read('slm/gemma/config.json'));
    const { vocab_size, hidden_size } = read('slm/gemma/config.json');
    expect(taken(catalogue['text/embedding'], gemma)).toMatchObject({
      value: {
        params: {
          model: 'custom',
          vocabularySize: vocab_size,
          hiddenSize: hidden_size,
          scale: Math.sqrt(Number(hidden_size)),
        },
        took: ["Gemma's table of tokens"],
      },
    });
  });
});

describe('an image processor', () => {
  const processor = (name: string, changes: JsonObject = {}): ConfigFiles => ({
    'preprocessor_config.json': {
      ...(read(`preprocess/${name}/case.json`)['config'] as JsonObject),
      ...changes,
    },
  });
  const preprocess = catalogue['vision/preprocess'];

  it('is a crop, a padding or a squash', () => {
    expect(taken(preprocess, processor('clip-crop-pads'))).toMatchObject({
      value: { params: { geometry: 'crop', resizeTo: 24, size: 33, width: 29 } },
    });
    expect(taken(preprocess, processor('llava-pad'))).toMatchObject({
      value: { params: { geometry: 'pad', size: 28, normalisation: 'clip' } },
    });
    expect(taken(preprocess, processor('siglip'))).toMatchObject({
      value: { params: { geometry: 'squash', size: 28, normalisation: 'half' } },
    });
  });

  it('pads where the model beside it says so, as the first LLaVA does', () => {
    const files = {
      ...processor('clip', { size: 336, crop_size: 336 }),
      ...config({ image_aspect_ratio: 'pad' }),
    };
    expect(taken(preprocess, files)).toMatchObject({
      value: { params: { geometry: 'pad', size: 336 } },
    });
  });

  it('is found within the processor of text and pictures', () => {
    const files = {
      'processor_config.json': {
        image_processor: processor('siglip')['preprocessor_config.json']!,
      },
    };
    expect(taken(preprocess, files)).toMatchObject({
      value: { file: 'processor_config.json' satisfies ConfigFileName },
    });
  });

  it('of tiles says the grids that they fill, in rows and columns', () => {
    const tiles = catalogue['vision/anyres-tiles'];
    expect(taken(tiles, processor('llava-next-anyres'))).toMatchObject({
      value: {
        params: { grids: '1×2, 2×1, 2×2, 3×1, 1×3', size: 20, normalisation: 'clip' },
        took: ['LlavaNextImageProcessor', '5 grids of tiles', '20 px'],
      },
    });
    const uneven = processor('llava-next-anyres', { image_grid_pinpoints: [[20, 50]] });
    expect(refusal(tiles, uneven)).toMatch(/A picture of 20 × 50 in tiles of 20 px/);
    expect(refusal(tiles, processor('clip'))).toMatch(/no AnyRes tiling; .* "CLIPImageProcessor"/);
  });

  it('that resizes otherwise, or normalises as none here, is refused', () => {
    expect(refusal(preprocess, processor('clip', { resample: 2 }))).toMatch(
      /filter 2, not bicubic/,
    );
    expect(refusal(preprocess, processor('clip', { image_mean: [0.1, 0.2, 0.3] }))).toMatch(
      /mean 0\.1, 0\.2, 0\.3/,
    );
    expect(
      refusal(preprocess, processor('clip', { image_processor_type: 'PixtralImageProcessor' })),
    ).toMatch(/Pixtral/);
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
