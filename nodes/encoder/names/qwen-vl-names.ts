/** Where checkpoints of Qwen-VL and Monkey keep the tensors of their tower; the node calls them the same. */
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { libraryLayouts } from './library-names.ts';

export const qwenVlLayouts = (extent: {
  readonly layerCount: number;
  readonly usedLayers: number;
}): readonly KeyLayout[] =>
  libraryLayouts({
    ...extent,
    prefixes: [
      ['Qwen-VL', 'transformer.visual.'],
      ['tower alone', ''],
    ],
    layers: 'transformer.resblocks.',
    owned: /^(conv1|positional_embedding|ln_pre|transformer)(\.|$)/,
    unused: /^$/,
  });
