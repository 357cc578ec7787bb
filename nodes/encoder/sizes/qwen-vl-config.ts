/** The towers of Qwen-VL and Monkey, as the `visual` part of their config.json describes them. */
import { z } from 'zod';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { ConfigFiles } from '#engine/contract/config-files.ts';
import { configFile, foreign, modelTypeOf, readFigures } from '../../config/published-config.ts';
import type { QwenVlShape } from '../layers/qwen-vl-layers.ts';

export const exactQwenVl = { activation: 'gelu', normEpsilon: 1e-6 } as const;

const visualSchema = z.object({
  visual: z.object({
    image_size: z.union([z.int(), z.array(z.int())]).default(448),
    patch_size: z.int(),
    width: z.int(),
    layers: z.int(),
    heads: z.int(),
    mlp_ratio: z.number(),
    lora_repeat_num: z.int().default(4),
  }),
});

/** Monkey's configuration tells the size of the picture, of which the tower sees windows of this side. */
const windowSide = 448;

interface FoundQwenVl {
  readonly title: string;
  readonly shape: QwenVlShape;
  /** Windows that have an adapter each, in Monkey. */
  readonly windowCount: number;
}

/** `types` are the `model_type`s that are taken. */
export function qwenVlFromConfig(
  files: ConfigFiles,
  types: readonly string[],
): Outcome<FoundQwenVl> {
  const file = configFile(files, 'config.json');
  if (!file.ok) return file;
  const type = modelTypeOf(file.value);
  if (!types.includes(type))
    return foreign(
      `config.json describes no such tower of Qwen-VL's kind; it is that of "${type}".`,
    );
  const read = readFigures(visualSchema, file.value, 'config.json');
  if (!read.ok) return read;
  const { visual } = read.value;
  const imageSize = [visual.image_size].flat()[0] ?? windowSide;
  const shape: QwenVlShape = {
    imageSize: type === 'monkey' ? windowSide : imageSize,
    patchSize: visual.patch_size,
    hiddenSize: visual.width,
    layerCount: visual.layers,
    headCount: visual.heads,
    feedForwardSize: Math.trunc(visual.width * visual.mlp_ratio),
    ...exactQwenVl,
    positionSide: 16,
  };
  const title = type === 'monkey' ? 'Monkey' : 'Qwen-VL';
  return ok({ title, shape, windowCount: visual.lora_repeat_num });
}
