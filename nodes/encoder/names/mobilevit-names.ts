/** Where checkpoints keep the tensors of both MobileViTs; the nodes call them as timm does, but for queries, keys and values. */
import type { KeyLayout } from '#engine/onnx/weight.ts';
import {
  stagedLayouts,
  stageIn,
  type RenamingRules,
  type StagedNames,
} from '../staged/stage-names.ts';

interface Extent {
  readonly stageCount: number;
  readonly usedStages: number;
}

const timm: StagedNames = {
  prefixes: [['timm', '']],
  rules: [[/\.attn\.(query|key|value)\./, '.attn.qkv.']],
  owned: /^(stem|stages|final_conv|head)\./,
  unused: /^(final_conv|head)\./,
  stageOf: stageIn(/^stages\.(\d+)\./),
};

/** The first block of a stage with a transformer halves the map, the second is the stage's own. */
const libraryRules: RenamingRules = [
  [/^stem\./, 'conv_stem.'],
  [/^final_conv\./, 'conv_1x1_exp.'],
  [/^stages\.([01])\.(\d+)\./, 'encoder.layer.$1.layer.$2.'],
  [/^stages\.([234])\.0\./, 'encoder.layer.$1.downsampling_layer.'],
  [/^stages\.([234])\.1\./, 'encoder.layer.$1.'],
  [/\.conv1_1x1\./, '.expand_1x1.'],
  [/\.conv2_kxk\./, '.conv_3x3.'],
  [/\.conv3_1x1\./, '.reduce_1x1.'],
  [/\.conv_1x1\./, '.conv_1x1.conv.'],
  [/\.conv_proj\./, '.conv_projection.'],
  [/\.conv_fusion\./, '.fusion.'],
  [/\.transformer\./, '.transformer.layer.'],
  [/\.norm1\./, '.layernorm_before.'],
  [/\.norm2\./, '.layernorm_after.'],
  [/\.norm\./, '.layernorm.'],
];

const libraryConvolutions: RenamingRules = [
  [/\.conv\./, '.convolution.'],
  [/\.bn\./, '.normalization.'],
];

const library = (prefix: string, rules: RenamingRules): StagedNames => ({
  prefixes: [
    ['Hugging Face', ''],
    ['Hugging Face, with a classifier', prefix],
  ],
  rules: [...libraryRules, ...rules, ...libraryConvolutions],
  owned: /^(conv_stem|encoder\.layer|conv_1x1_exp)\./,
  unused: /^conv_1x1_exp\./,
  stageOf: stageIn(/^encoder\.layer\.(\d+)\./),
});

const first = library('mobilevit.', [
  [/\.attn\.(query|key|value)\./, '.attention.attention.$1.'],
  [/\.attn\.proj\./, '.attention.output.dense.'],
  [/\.mlp\.fc1\./, '.intermediate.dense.'],
  [/\.mlp\.fc2\./, '.output.dense.'],
]);

const second = library('mobilevitv2.', [
  [/\.attn\.(qkv_proj|out_proj)\./, '.attention.$1.conv.'],
  [/\.mlp\.fc(\d)\./, '.ffn.conv$1.conv.'],
]);

const projections = ['query', 'key', 'value'];

/** `hiddenSizes` are the channels of the tokens of each stage. */
export function mobileVitLayouts(
  extent: Extent & { readonly hiddenSizes: readonly number[] },
): readonly KeyLayout[] {
  const joined = stagedLayouts(timm, extent).map((layout): KeyLayout => ({
    ...layout,
    cut(name) {
      const [, stage, part] = /^stages\.(\d+)\..*\.attn\.(query|key|value)\./.exec(name) ?? [];
      const size = extent.hiddenSizes[Number(stage)];
      if (part === undefined || size === undefined) return null;
      return { start: projections.indexOf(part) * size, of: 3 * size };
    },
  }));
  return [...joined, ...stagedLayouts(first, extent)];
}

export const mobileVitV2Layouts = (extent: Extent): readonly KeyLayout[] =>
  [timm, second].flatMap((names) => stagedLayouts(names, extent));
