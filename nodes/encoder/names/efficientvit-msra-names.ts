/** Where checkpoints keep the tensors of Microsoft's EfficientViT; the node calls them as timm does. */
import type { KeyLayout } from '#engine/onnx/weight.ts';
import {
  stagedLayouts,
  stageIn,
  type RenamingRules,
  type StagedNames,
} from '../staged/stage-names.ts';

const timm: StagedNames = {
  prefixes: [['timm', '']],
  rules: [],
  owned: /^(patch_embed|stages|head)\./,
  unused: /^head\./,
  stageOf: stageIn(/^stages\.(\d+)\./),
};

/** A halving is the first three blocks of its stage. */
const halving = (stage: number): RenamingRules => [
  [new RegExp(`^stages\\.${stage}\\.downsample\\.res1\\.`), `blocks${stage + 1}.0.`],
  [new RegExp(`^stages\\.${stage}\\.downsample\\.patchmerge\\.`), `blocks${stage + 1}.1.`],
  [new RegExp(`^stages\\.${stage}\\.downsample\\.res2\\.`), `blocks${stage + 1}.2.`],
  [
    new RegExp(`^stages\\.${stage}\\.blocks\\.(\\d+)\\.`),
    (_, block) => `blocks${stage + 1}.${Number(block) + 3}.`,
  ],
];

const original: StagedNames = {
  prefixes: [['original', '']],
  rules: [
    [/\.conv\.weight$/, '.c.weight'],
    // Between two convolutions lies a ReLU.
    [/^patch_embed\.conv(\d)\./, (_, place) => `patch_embed.${2 * (Number(place) - 1)}.`],
    [/^stages\.0\.blocks\./, 'blocks1.'],
    ...halving(1),
    ...halving(2),
  ],
  owned: /^(patch_embed|blocks[123]|head)\./,
  unused: /^head\./,
  stageOf: (key) => {
    const stage = stageIn(/^blocks(\d)\./)(key);
    return stage === null ? null : stage - 1;
  },
};

const isIndex = (key: string): boolean => key.endsWith('.attention_bias_idxs');

export const msraLayouts = (extent: {
  readonly stageCount: number;
  readonly usedStages: number;
}): readonly KeyLayout[] =>
  [timm, original].flatMap((names) =>
    stagedLayouts(names, extent).map((layout): KeyLayout => ({
      ...layout,
      // Which bias belongs to which two places follows from the side of a window.
      ignores: (key) => isIndex(key) || layout.ignores?.(key) === true,
    })),
  );
