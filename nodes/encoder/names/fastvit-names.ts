/** Where checkpoints keep the tensors of a FastViT; the node calls them as timm does. */
import type { KeyLayout } from '#engine/onnx/weight.ts';
import {
  stagedLayouts,
  stageIn,
  type RenamingRules,
  type StagedNames,
} from '../staged/stage-names.ts';

interface FastVitExtent {
  readonly stageCount: number;
  readonly usedStages: number;
  readonly attentionStages: number;
}

const timm: StagedNames = {
  prefixes: [
    ['timm', ''],
    ['OpenCLIP', 'visual.trunk.'],
    ['FastVLM, Hugging Face', 'vision_tower.timm_model.'],
    ['FastVLM, Hugging Face, since version 5', 'model.vision_tower.timm_model.'],
  ],
  rules: [],
  owned: /^(stem|stages|final_conv|head)\./,
  unused: /^(final_conv|head)\./,
  stageOf: stageIn(/^stages\.(\d+)\./),
};

/** Apple's own files: stages, and what lies between them, are numbered through. */
function original(extent: FastVitExtent): StagedNames {
  const places = networkPlaces(extent);
  const inStages = places.flatMap(({ halving, positions, blocks }, stage): RenamingRules => {
    const name = `^stages\\.${stage}\\.`;
    return [
      [new RegExp(`${name}downsample\\.`), `network.${halving}.`],
      [new RegExp(`${name}pos_emb\\.pos_enc\\.`), `network.${positions}.pe.`],
      [new RegExp(`${name}pos_emb\\.`), `network.${positions}.`],
      [new RegExp(`${name}blocks\\.`), `network.${blocks}.`],
    ];
  });
  return {
    prefixes: [
      ['original', ''],
      ['MobileCLIP', 'image_encoder.model.'],
      ['FastVLM', 'model.vision_tower.vision_tower.model.'],
    ],
    rules: [
      ...inStages,
      [/^stem\./, 'patch_embed.'],
      [/^final_conv\.se\.fc1\./, 'conv_exp.se.reduce.'],
      [/^final_conv\.se\.fc2\./, 'conv_exp.se.expand.'],
      [/^final_conv\./, 'conv_exp.'],
      [/\.proj\.0\.reparam_conv\./, '.proj.0.lkb_reparam.'],
      [/\.large_conv\./, '.lkb_origin.'],
      [/\.conv_kxk\./, '.rbr_conv.'],
      [/\.conv_scale\./, '.rbr_scale.'],
      [/\.identity\./, '.rbr_skip.'],
      [/\.mlp\./, '.convffn.'],
      [/\.(layer_scale(?:_\d)?)\.gamma$/, '.$1'],
    ],
    owned: /^(patch_embed|network|conv_exp|head)\./,
    unused: /^(conv_exp|head)\./,
    stageOf: (key) => {
      const place = stageIn(/^network\.(\d+)\./)(key);
      return place === null ? null : places.findIndex(({ blocks }) => place <= blocks);
    },
  };
}

/** Before the blocks of a stage come its halving, of all but the first, and positions where it attends. */
function networkPlaces({ stageCount, attentionStages }: FastVitExtent) {
  let next = 0;
  return Array.from({ length: stageCount }, (_, stage) => {
    const halving = stage === 0 ? null : next++;
    const positions = stageCount - stage <= attentionStages ? next++ : null;
    return { halving, positions, blocks: next++ };
  });
}

export const fastVitLayouts = (extent: FastVitExtent): readonly KeyLayout[] =>
  [timm, original(extent)].flatMap((names) => stagedLayouts(names, extent));
