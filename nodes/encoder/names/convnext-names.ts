/** Where checkpoints keep the tensors of a ConvNeXt; the node calls them as the Hugging Face library does. */
import type { KeyLayout } from '#engine/onnx/weight.ts';
import {
  stagedLayouts,
  stageIn,
  type RenamingRules,
  type StagedNames,
} from '../staged/stage-names.ts';

const library: StagedNames = {
  prefixes: [
    ['Hugging Face', ''],
    ['Hugging Face, with a classifier', 'convnext.'],
    ['Hugging Face, V2 with a classifier', 'convnextv2.'],
    ['ConvLLaVA', 'model.vision_tower.vision_tower.'],
    ['LLaVA, Hugging Face', 'vision_tower.'],
    ['LLaVA, Hugging Face, since version 5', 'model.vision_tower.'],
  ],
  rules: [],
  owned: /^(embeddings\.(patch_embeddings|layernorm)|encoder\.stages|layernorm)\./,
  unused: /^layernorm\./,
  stageOf: stageIn(/^encoder\.stages\.(\d+)\./),
};

const timmRules: RenamingRules = [
  [/^embeddings\.patch_embeddings\./, 'stem.0.'],
  [/^embeddings\.layernorm\./, 'stem.1.'],
  [/^encoder\./, ''],
  [/^layernorm\./, 'head.norm.'],
  [/\.downsampling_layer\./, '.downsample.'],
  [/\.layers\./, '.blocks.'],
  [/\.dwconv\./, '.conv_dw.'],
  [/\.layernorm\./, '.norm.'],
  [/\.pwconv(\d)\./, '.mlp.fc$1.'],
  [/\.grn\./, '.mlp.grn.'],
  [/\.layer_scale_parameter$/, '.gamma'],
];

const timm: StagedNames = {
  prefixes: [
    ['timm', ''],
    ['OpenCLIP', 'visual.trunk.'],
  ],
  rules: timmRules,
  owned: /^(stem|stages|norm_pre|head)\./,
  unused: /^(norm_pre|head)\./,
  stageOf: stageIn(/^stages\.(\d+)\./),
};

const miniGemini: StagedNames = {
  prefixes: [['Mini-Gemini', 'model.vision_tower_aux.vision_']],
  rules: timmRules,
  owned: /^(stem|stages)\./,
  unused: /^$/,
  stageOf: stageIn(/^stages\.(\d+)\./),
};

const dinov3: StagedNames = {
  prefixes: [
    ['DINOv3, Hugging Face', ''],
    ['DINOv3, Hugging Face, since version 5', 'model.'],
  ],
  rules: [
    [/^embeddings\.patch_embeddings\./, 'stages.0.downsample_layers.0.'],
    [/^embeddings\.layernorm\./, 'stages.0.downsample_layers.1.'],
    [/^encoder\./, ''],
    [/\.downsampling_layer\./, '.downsample_layers.'],
    [/\.dwconv\./, '.depthwise_conv.'],
    [/(^|\.)layernorm\./, '$1layer_norm.'],
    [/\.pwconv(\d)\./, '.pointwise_conv$1.'],
    [/\.layer_scale_parameter$/, '.gamma'],
  ],
  owned: /^(stages|layer_norm)\./,
  unused: /^layer_norm\./,
  stageOf: stageIn(/^stages\.(\d+)\./),
};

/** Facebook's own files, V1, V2 and DINOv3. */
const original: StagedNames = {
  prefixes: [['original', '']],
  rules: [
    [/^embeddings\.patch_embeddings\./, 'downsample_layers.0.0.'],
    [/^embeddings\.layernorm\./, 'downsample_layers.0.1.'],
    [/^encoder\.stages\.(\d+)\.downsampling_layer\./, 'downsample_layers.$1.'],
    [/^encoder\.stages\.(\d+)\.layers\./, 'stages.$1.'],
    [/(^|\.)layernorm\./, '$1norm.'],
    [/\.grn\.weight$/, '.grn.gamma'],
    [/\.grn\.bias$/, '.grn.beta'],
    [/\.layer_scale_parameter$/, '.gamma'],
  ],
  owned: /^(downsample_layers|stages|norm|head)\./,
  unused: /^(norm|head)\./,
  stageOf: stageIn(/^(?:stages|downsample_layers)\.(\d+)\./),
};

export const convNextLayouts = (extent: {
  readonly stageCount: number;
  readonly usedStages: number;
}): readonly KeyLayout[] =>
  [library, timm, miniGemini, dinov3, original].flatMap((names) => stagedLayouts(names, extent));
