/** Where checkpoints keep the tensors of SAM's tower; the node calls them as the Hugging Face library does. */
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { libraryLayouts } from './library-names.ts';

type Names = readonly (readonly [ours: RegExp, theirs: string])[];

const authors: Names = [
  [/^layers\./, 'blocks.'],
  [/\.layer_norm([12])\./, '.norm$1.'],
  [/^patch_embed\.projection\./, 'patch_embed.proj.'],
  // DeepSeek-VL has a second one, `neck_hd`.
  [/^(neck\w*)\.conv1\./, '$1.0.'],
  [/^(neck\w*)\.norm1\./, '$1.1.'],
  [/^(neck\w*)\.conv2\./, '$1.2.'],
  [/^(neck\w*)\.norm2\./, '$1.3.'],
];
/** What the authors call a tensor, as DeepSeek-VL and Vary do too. */
export const authorsName = (name: string): string => renamed(name, authors);

const renamed = (name: string, names: Names): string =>
  names.reduce((called, [ours, theirs]) => called.replace(ours, theirs), name);

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
      key: (name: string) => (prefixes[index]?.[1] ?? '') + renamed(name, names),
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
