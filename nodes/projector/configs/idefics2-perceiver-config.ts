/** Idefics2's connector as a published config.json describes it. */
import { z } from 'zod';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { ConfigFiles, JsonObject } from '#engine/contract/config-files.ts';
import type { TakenConfig } from '#engine/node/taken-config.ts';
import {
  activationFromConfig,
  configFile,
  foreign,
  modelTypeOf,
  publishedOrCustom,
  readFigures,
  unsupported,
} from '../../config/published-config.ts';
import { describeWidths } from '../../tokens/widths.ts';

/** What the library means by saying nothing. */
const configSchema = z.object({
  vision_config: z.object({ hidden_size: z.int().default(768) }).prefault({}),
  text_config: z
    .object({
      hidden_size: z.int().default(4096),
      intermediate_size: z.int().default(14_336),
      hidden_act: z.string().default('silu'),
      rms_norm_eps: z.number().default(1e-6),
    })
    .prefault({}),
  perceiver_config: z
    .object({
      hidden_size: z.int().default(4096),
      hidden_act: z.string().default('silu'),
      rms_norm_eps: z.number().default(1e-6),
      resampler_n_latents: z.int().default(64),
      resampler_depth: z.int().default(3),
      resampler_n_heads: z.int().default(16),
      resampler_head_dim: z.int().default(96),
      num_key_value_heads: z.int().default(4),
    })
    .prefault({}),
});

export function idefics2PerceiverFromConfig<Name extends string>(
  files: ConfigFiles,
  names: readonly Name[],
  figuresOf: (name: Name) => JsonObject,
): Outcome<TakenConfig> {
  const file = configFile(files, 'config.json');
  if (!file.ok) return file;
  const type = modelTypeOf(file.value);
  if (type !== 'idefics2')
    return foreign(
      `config.json describes no Idefics2 perceiver; what it has is that of "${type}".`,
    );
  const config = readFigures(configSchema, file.value, 'config.json');
  if (!config.ok) return config;
  const { vision_config: vision, text_config: text, perceiver_config: own } = config.value;
  const [activation, projectionActivation] = [own.hidden_act, text.hidden_act].map((name) =>
    activationFromConfig(name),
  );
  if (!activation) return unsupported(`The activation "${own.hidden_act}"`);
  if (!projectionActivation) return unsupported(`The activation "${text.hidden_act}"`);
  // The library gives the perceiver the language model's norm where their widths differ, as they do where it says nothing.
  const norm = own.hidden_size === text.hidden_size ? own : text;
  const shape = {
    latentCount: own.resampler_n_latents,
    hiddenSize: text.hidden_size,
    projectionSize: text.intermediate_size,
    layerCount: own.resampler_depth,
    headCount: own.resampler_n_heads,
    headSize: own.resampler_head_dim,
    keyValueHeadCount: own.num_key_value_heads,
    projectionActivation,
    activation,
    normEpsilon: norm.rms_norm_eps,
  };
  const widths = { inputWidth: vision.hidden_size, outputWidth: shape.hiddenSize };
  return ok({
    params: {
      ...publishedOrCustom(names, figuresOf, shape),
      inputWidth: widths.inputWidth,
    },
    took: [
      "Idefics2's connector",
      `${shape.layerCount} layers × ${shape.hiddenSize}`,
      `${shape.latentCount} latents`,
      describeWidths(widths),
    ],
    file: 'config.json',
  });
}
