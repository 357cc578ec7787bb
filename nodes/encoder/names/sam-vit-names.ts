/** Where checkpoints keep the tensors of SAM's tower; the node calls them as the Hugging Face library does. */
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { libraryLayouts } from './library-names.ts';

type Names = readonly (readonly [ours: RegExp, theirs: string])[];

const authors: Names = [
  [/^layers\./, 'blocks.'],
  [/\.layer_norm([12])\./, '.norm$1.'],
  [/^patch_embed\.projection\./, 'patch_embed.proj.'],
  [/^neck\.conv1\./, 'neck.0.'],
  [/^neck\.norm1\./, 'neck.1.'],
  [/^neck\.conv2\./, 'neck.2.'],
  [/^neck\.norm2\./, 'neck.3.'],
];
const timm: Names = [...authors, [/\.mlp\.lin([12])\./, '.mlp.fc$1.']];

export function samLayouts(extent: {
  readonly layerCount: number;
  readonly usedLayers: number;
}): readonly KeyLayout[] {
  const layouts = (
    prefixes: readonly (readonly [title: string, prefix: string])[],
    layers: string,
    names: Names,
  ) =>
    libraryLayouts({
      ...extent,
      prefixes,
      layers,
      owned: new RegExp(`^(patch_embed|pos_embed|neck|${layers.slice(0, -1)})(\\.|$)`),
      unused: /^neck\./,
    }).map((layout, index) => ({
      ...layout,
      key: (name: string) =>
        (prefixes[index]?.[1] ?? '') +
        names.reduce((called, [ours, theirs]) => called.replace(ours, theirs), name),
    }));
  return [
    ...layouts(
      [
        ['Hugging Face', 'vision_encoder.'],
        ['Hugging Face, tower alone', ''],
      ],
      'layers.',
      [],
    ),
    ...layouts(
      [
        ['authors', 'image_encoder.'],
        ['authors, tower alone', ''],
        ['DeepSeek-VL', 'vision_model.vision_tower_high.vision_tower.'],
      ],
      'blocks.',
      authors,
    ),
    ...layouts([['timm', '']], 'blocks.', timm),
  ];
}
