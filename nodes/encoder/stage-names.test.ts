/** What published checkpoints call the tensors of encoders of stages, and what their configurations say. */
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '#engine/contract/config-files.ts';
import type { AnyNodeDefinition } from '#engine/node/any-node-definition.ts';
import { convNext } from './convnext.ts';
import { efficientVitMsra } from './efficientvit-msra.ts';
import { efficientVit } from './efficientvit.ts';
import { fastVit } from './fastvit.ts';
import { mobileClipVit } from './mobileclip-vit.ts';
import { mobileVit } from './mobilevit.ts';
import { mobileVitV2 } from './mobilevitv2.ts';

const layoutsOf = (definition: AnyNodeDefinition, params: JsonObject = {}) => {
  const standard = Object.entries(definition.params).map(([name, param]) => [name, param.default]);
  return definition.keyLayouts?.({ ...Object.fromEntries(standard), ...params }) ?? [];
};

it.each<[AnyNodeDefinition, JsonObject, string, string]>([
  [
    convNext,
    {},
    'encoder.stages.2.layers.4.pwconv1.bias',
    'visual.trunk.stages.2.blocks.4.mlp.fc1.bias',
  ],
  [convNext, {}, 'embeddings.layernorm.weight', 'model.vision_tower_aux.vision_stem.1.weight'],
  [convNext, {}, 'encoder.stages.1.downsampling_layer.1.weight', 'downsample_layers.1.1.weight'],
  [convNext, {}, 'encoder.stages.0.layers.2.grn.bias', 'stages.0.2.grn.beta'],
  [convNext, {}, 'layernorm.weight', 'layer_norm.weight'],
  // FastViTHD: positions before its fourth and fifth stage are numbered too.
  [
    fastVit,
    {},
    'stages.4.downsample.proj.0.reparam_conv.bias',
    'model.vision_tower.vision_tower.model.network.8.proj.0.lkb_reparam.bias',
  ],
  [fastVit, {}, 'stages.3.pos_emb.reparam_conv.weight', 'network.6.reparam_conv.weight'],
  [fastVit, {}, 'stages.4.blocks.1.layer_scale_1.gamma', 'network.10.1.layer_scale_1'],
  [fastVit, {}, 'final_conv.se.fc1.weight', 'conv_exp.se.reduce.weight'],
  [
    fastVit,
    { model: 'mci0' },
    'stages.3.pos_emb.pos_enc.weight',
    'image_encoder.model.network.6.pe.weight',
  ],
  [
    fastVit,
    { model: 't8' },
    'stages.3.blocks.1.mlp.conv.bn.bias',
    'network.6.1.convffn.conv.bn.bias',
  ],
  [
    fastVit,
    { model: 't8' },
    'stem.0.conv_kxk.0.bn.running_var',
    'patch_embed.0.rbr_conv.0.bn.running_var',
  ],
  [mobileClipVit, {}, 'stem.1.bn.weight', 'image_encoder.model.patch_emb.1.block.norm.weight'],
  [
    mobileClipVit,
    {},
    'encoder.layer.3.attention.attention.key.bias',
    'image_encoder.model.transformer.3.pre_norm_mha.1.qkv_proj.bias',
  ],
  [
    efficientVit,
    {},
    'stem.res0.main.depth_conv.conv.weight',
    'backbone.input_stem.op_list.1.main.depth_conv.conv.weight',
  ],
  [
    efficientVit,
    {},
    'stages.2.blocks.1.context_module.main.proj.norm.bias',
    'backbone.stages.2.op_list.1.context_module.main.proj.norm.bias',
  ],
  [efficientVit, {}, 'head.classifier.1.weight', 'head.op_list.2.norm.weight'],
  [efficientVitMsra, {}, 'stages.1.blocks.2.dw0.m.conv.weight', 'blocks2.5.dw0.m.c.weight'],
  [efficientVitMsra, {}, 'stages.2.downsample.patchmerge.conv1.bn.bias', 'blocks3.1.conv1.bn.bias'],
  [efficientVitMsra, {}, 'patch_embed.conv3.conv.weight', 'patch_embed.4.c.weight'],
  [
    mobileVit,
    {},
    'stages.1.2.conv2_kxk.bn.bias',
    'mobilevit.encoder.layer.1.layer.2.conv_3x3.normalization.bias',
  ],
  [
    mobileVit,
    {},
    'stages.3.0.conv1_1x1.conv.weight',
    'encoder.layer.3.downsampling_layer.expand_1x1.convolution.weight',
  ],
  [
    mobileVit,
    {},
    'stages.3.1.transformer.1.attn.key.bias',
    'encoder.layer.3.transformer.layer.1.attention.attention.key.bias',
  ],
  [mobileVit, {}, 'stages.4.1.conv_1x1.weight', 'encoder.layer.4.conv_1x1.convolution.weight'],
  [mobileVit, {}, 'stages.4.1.norm.weight', 'encoder.layer.4.layernorm.weight'],
  [
    mobileVitV2,
    {},
    'stages.2.1.transformer.0.attn.qkv_proj.weight',
    'mobilevitv2.encoder.layer.2.transformer.layer.0.attention.qkv_proj.convolution.weight',
  ],
  [
    mobileVitV2,
    {},
    'stages.2.1.transformer.0.mlp.fc2.bias',
    'encoder.layer.2.transformer.layer.0.ffn.conv2.convolution.bias',
  ],
])('tensor %# has its published name', (definition, params, ours, theirs) => {
  const layout = layoutsOf(definition, params).find(({ key }) => key(ours) === theirs);
  expect(layout?.owns(theirs)).toBe(true);
});

it('tensors of stages that do not run are no surplus', () => {
  const [timm, , , , apple] = layoutsOf(fastVit, { featureStage: -2 });
  expect(timm?.ignores?.('stages.4.blocks.0.norm.weight')).toBe(true);
  expect(timm?.ignores?.('stages.3.blocks.0.norm.weight')).toBe(false);
  expect(apple?.ignores?.('network.8.proj.1.reparam_conv.bias')).toBe(true);
  expect(apple?.ignores?.('network.7.0.norm.bias')).toBe(false);
});

describe('a published configuration', () => {
  it.each<[AnyNodeDefinition, JsonObject, JsonObject]>([
    [
      convNext,
      { model_type: 'convnext' },
      { model: 'tiny', select: 'patches', finalEpsilon: 1e-12 },
    ],
    [
      convNext,
      {
        model_type: 'convnext',
        hidden_sizes: [192, 384, 768, 1536, 3072],
        depths: [3, 3, 27, 3, 6],
      },
      { model: 'convllava' },
    ],
    [
      convNext,
      { model_type: 'convnextv2', hidden_sizes: [40, 80, 160, 320], depths: [2, 2, 6, 2] },
      { model: 'v2-atto' },
    ],
    [
      convNext,
      {
        model_type: 'dinov3_convnext',
        hidden_sizes: [128, 256, 512, 1024],
        depths: [3, 3, 27, 3],
        layer_norm_eps: 1e-6,
      },
      { model: 'base', select: 'normed', finalEpsilon: 1e-6 },
    ],
    [
      convNext,
      {
        model_type: 'convnext',
        hidden_sizes: [8, 16, 24, 36],
        depths: [1, 1, 2, 1],
        image_size: 96,
      },
      { model: 'custom', width3: 24, depth3: 2, width5: 0, imageSize: 96 },
    ],
    [convNext, { architecture: 'convnextv2_nano', num_classes: 1000 }, { model: 'v2-nano' }],
    [mobileClipVit, { architecture: 'vit_base_mci_224' }, { model: 'base' }],
    [efficientVit, { architecture: 'efficientvit_l2' }, { model: 'l2' }],
    [efficientVitMsra, { architecture: 'efficientvit_m3' }, { model: 'm3' }],
    [mobileVit, { architecture: 'mobilevit_xxs' }, { model: 'xxs' }],
    [mobileVit, { model_type: 'mobilevit' }, { model: 's' }],
    [
      mobileVit,
      { model_type: 'mobilevit', hidden_sizes: [16, 16, 20], image_size: 64 },
      { model: 'custom', tokenWidth5: 20, finalWidth: 640, imageSize: 64 },
    ],
    [mobileVitV2, { architecture: 'mobilevitv2_150' }, { model: '150' }],
    [mobileVitV2, { model_type: 'mobilevitv2', width_multiplier: 0.75 }, { model: '075' }],
    [
      mobileVitV2,
      { model_type: 'mobilevitv2', width_multiplier: 3 },
      { model: 'custom', width5: 1536 },
    ],
    [fastVit, { architecture: 'fastvit_mci2' }, { model: 'mci2', branches: 'trained' }],
    [
      fastVit,
      { model_type: 'llava_qwen2', mm_vision_tower: 'mobileclip_l_1024' },
      { model: 'hd', branches: 'fused' },
    ],
    [
      fastVit,
      {
        vision_config: {
          model_type: 'timm_wrapper',
          architecture: 'fastvit_mci3',
          model_args: { inference_mode: true, layers: [1, 1, 1, 1, 1] },
        },
      },
      { model: 'custom', branches: 'fused', depth2: 1, width5: 1536, attentionNorm: 'layer' },
    ],
  ])('%# is read', ({ fromConfig }, config, params) => {
    expect(fromConfig?.({ 'config.json': config })).toMatchObject({ ok: true, value: { params } });
  });

  it.each<[AnyNodeDefinition, JsonObject, string]>([
    [convNext, { model_type: 'swin' }, 'config-foreign'],
    [convNext, { model_type: 'convnext', patch_size: 8 }, 'config-unsupported'],
    [convNext, { model_type: 'convnext', depths: [3, 3, 9, 3, 3] }, 'config-unsupported'],
    [convNext, { model_type: 'convnext', hidden_act: 'relu' }, 'config-unsupported'],
    [fastVit, { architecture: 'resnet50' }, 'config-foreign'],
    [efficientVit, { architecture: 'efficientvit_m0' }, 'config-foreign'],
    [
      convNext,
      { architecture: 'convnext_tiny', model_args: { use_grn: true } },
      'config-unsupported',
    ],
    [mobileVit, { model_type: 'mobilevitv2' }, 'config-foreign'],
    [mobileVit, { model_type: 'mobilevit', output_stride: 16 }, 'config-unsupported'],
    [mobileVitV2, { model_type: 'mobilevitv2', n_attn_blocks: [2, 4] }, 'config-unsupported'],
    [fastVit, { architecture: 'fastvit_t8', model_args: { cls_ratio: 1 } }, 'config-unsupported'],
    [
      fastVit,
      { architecture: 'fastvit_t8', model_args: { mlp_ratios: [3, 4] } },
      'config-unsupported',
    ],
  ])('%# is refused', ({ fromConfig }, config, code) => {
    expect(fromConfig?.({ 'config.json': config })).toMatchObject({
      ok: false,
      problems: [{ code }],
    });
  });
});
