/** Where checkpoints keep SAM's tower with what makes its map small behind it. */
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { authorsName } from './sam-vit-names.ts';

/** Behind the tower, as the library names what DeepSeek-VL has there. */
function libraryName(name: string): string {
  const behind = name
    .replace(/^neck_hd\./, 'high_res_vision_neck.')
    .replace(/^downsamples\.0\./, 'high_res_vision_proj.conv1.')
    .replace(/^downsamples\.1\./, 'high_res_vision_proj.conv2.')
    .replace(/^hd_alpha_downsamples$/, 'high_res_vision_alpha');
  return behind === name ? `high_res_vision_model.vision_encoder.${name}` : behind;
}

const varyName = (name: string): string =>
  authorsName(name)
    .replace(/^downsamples\.0\./, 'net_2.')
    .replace(/^downsamples\.1\./, 'net_3.');

const under = (
  title: string,
  prefix: string,
  key: (name: string) => string,
  owned = prefix,
): KeyLayout => ({
  title,
  key: (name) => prefix + key(name),
  owns: (other) => other.startsWith(owned),
});

export const samDownsampledLayouts: readonly KeyLayout[] = [
  under('DeepSeek-VL', 'vision_model.vision_tower_high.vision_tower.', authorsName),
  under('DeepSeek-VL, Hugging Face', 'model.', libraryName, 'model.high_res_vision_'),
  under('Vary', 'transformer.vision_tower_high.', varyName),
  under('GOT-OCR', 'model.vision_tower_high.', varyName),
  under('tower alone', '', (name) => name),
];
