/** Where checkpoints keep the tensors of MIT's EfficientViT; the node calls them as timm does. */
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { stagedLayouts, type StagedNames } from '../staged/stage-names.ts';

/** Both count stages without the stem. */
const stageBehindStem = (pattern: RegExp) => (key: string) => {
  const stage = pattern.exec(key)?.[1];
  return stage === undefined ? null : Number(stage) + 1;
};

const timm: StagedNames = {
  prefixes: [['timm', '']],
  rules: [],
  owned: /^(stem|stages|head)\./,
  unused: /^head\./,
  stageOf: stageBehindStem(/^stages\.(\d+)\./),
};

const original: StagedNames = {
  prefixes: [
    ['original', 'backbone.'],
    ['original, backbone alone', ''],
  ],
  rules: [
    [/^stem\.in_conv\./, 'input_stem.op_list.0.'],
    [/^stem\.res(\d+)\./, (_, block) => `input_stem.op_list.${Number(block) + 1}.`],
    [/^stages\.(\d+)\.blocks\./, 'stages.$1.op_list.'],
  ],
  owned: /^(input_stem|stages)\./,
  unused: /^$/,
  stageOf: stageBehindStem(/^stages\.(\d+)\./),
};

/** The classifier lies beside the backbone. */
function withHead(layout: KeyLayout): KeyLayout {
  const head: Readonly<Record<string, string>> = {
    'head.in_conv.': 'head.op_list.0.',
    'head.classifier.0.': 'head.op_list.2.linear.',
    'head.classifier.1.': 'head.op_list.2.norm.',
    'head.classifier.4.': 'head.op_list.3.linear.',
  };
  return {
    ...layout,
    key(name) {
      const found = Object.entries(head).find(([ours]) => name.startsWith(ours));
      return found ? found[1] + name.slice(found[0].length) : layout.key(name);
    },
    owns: (key) => key.startsWith('head.op_list.') || layout.owns(key),
    ignores: (key) => key.startsWith('head.op_list.') || layout.ignores?.(key) === true,
  };
}

export const efficientVitLayouts = (extent: {
  readonly stageCount: number;
  readonly usedStages: number;
}): readonly KeyLayout[] => [
  ...stagedLayouts(timm, extent),
  ...stagedLayouts(original, extent).map(withHead),
];
