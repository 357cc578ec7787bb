/** The architecture that a published config.json describes, alone or as the language part of a whole model. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { ConfigFiles, JsonObject } from '#engine/contract/config-files.ts';
import type { TakenConfig } from '#engine/node/taken-config.ts';
import { yarnMagnitude, type RotaryScaling } from '#engine/onnx/rotary.ts';
import {
  activationFromConfig,
  configFile,
  foreign,
  modelTypeOf,
  partOf,
  publishedOrCustom,
  readFigures,
  unsupported,
} from '../config/published-config.ts';
import {
  standardArchitecture,
  type DecoderArchitecture,
} from './architecture/decoder-architecture.ts';
import { decoderFamilies } from './families/families.ts';
import { decoderConfigSchema, type DecoderConfig, type DecoderFamily } from './families/family.ts';
import { publishedDecoders, type PublishedDecoder } from './published-decoders.ts';
import { windowFromConfig, windowRotaryFromConfig } from './window-config.ts';

/** Where whole models describe their language model. */
export const languageParts = ['text_config', 'llm_config', 'language_config'] as const;

/** Of what is no transformer, the title of its node, by `model_type`. */
const otherNodes: Readonly<Record<string, string>> = {
  mamba: 'Mamba',
  falcon_mamba: 'Mamba',
  mamba2: 'Mamba-2',
  jamba: 'Jamba',
  rwkv: 'RWKV',
  rwkv5: 'RWKV',
  rwkv6: 'RWKV',
};

export function decoderFromConfig(files: ConfigFiles): Outcome<TakenConfig> {
  const file = configFile(files, 'config.json');
  if (!file.ok) return file;
  const part = partOf(file.value, languageParts);
  const type = modelTypeOf(part ?? file.value);
  const family = Object.hasOwn(decoderFamilies, type) ? decoderFamilies[type] : undefined;
  const other = Object.hasOwn(otherNodes, type) ? otherNodes[type] : undefined;
  if (other !== undefined)
    return foreign(`config.json describes another kind of model; choose the node "${other}".`);
  if (!family) return unsupported(`The language model family "${type}"`);
  const whole = modelTypeOf(file.value);
  const own = Object.hasOwn(wholeModels, whole) ? (wholeModels[whole]?.(file.value) ?? {}) : {};
  const architecture = architectureFrom(family, part ?? file.value, own);
  if (!architecture.ok) return architecture;
  const figures: DecoderArchitecture = {
    ...architecture.value,
    // A whole model has a head of its own, without a bias, whatever its language model's has.
    ...(part && { headBias: false }),
  };
  const names = Object.keys(publishedDecoders) as PublishedDecoder[];
  return ok({
    params: publishedOrCustom(names, (name) => publishedDecoders[name], figures),
    took: [family.title, ...describe(figures)],
    file: 'config.json',
  });
}

/** What whole models do otherwise than the families of their language models. */
const wholeModels: Readonly<Record<string, (whole: JsonObject) => Partial<DecoderArchitecture>>> = {
  paligemma: () => ({ promptAttention: 'prefix', scaledEmbeddings: 'words' }),
  qwen2_5_vl: (whole) => ({ clipStep: positionsPerSecond(whole) }),
  gemma3: () => ({ promptAttention: 'pictures' }),
};

/** A pair of frames of a clip lasts a second, as its processor takes them. */
function positionsPerSecond(whole: JsonObject): number {
  const told = partOf(whole, ['vision_config'])?.['tokens_per_second'];
  return typeof told === 'number' ? told : 4;
}

function architectureFrom(
  family: DecoderFamily,
  json: JsonObject,
  own: Partial<DecoderArchitecture>,
): Outcome<DecoderArchitecture> {
  const said = { ...family.defaults, ...respelt(json, family) };
  const figures = readFigures(decoderConfigSchema, said, 'config.json');
  if (!figures.ok) return figures;
  const config = figures.value;
  const lacking = lackingIn(config, own);
  if (lacking !== null) return unsupported(lacking);
  const name = config.hidden_activation ?? config.hidden_act;
  const activation = activationFromConfig(name);
  if (activation === null) return unsupported(`The activation "${name}"`);
  const rotary = rotaryFromConfig(config);
  if (!rotary.ok) return rotary;
  const window = windowFromConfig(config);
  if (!window.ok) return window;
  const turned = windowRotaryFromConfig(config);
  if (!turned.ok) return turned;
  const headSize = config.head_dim ?? config.hidden_size / config.num_attention_heads;
  if (!Number.isInteger(headSize))
    return foreign(
      `config.json cannot be taken: ${config.hidden_size} channels do not divide into ${config.num_attention_heads} heads.`,
    );
  const added = family.adds(config, said);
  if (!added.ok) return added;
  return ok({
    ...standardArchitecture,
    ...sizes(config),
    headSize,
    activation,
    ...rotary.value,
    ...window.value,
    ...turned.value,
    ...added.value,
    ...own,
  });
}

/** What of a configuration no graph here has. */
function lackingIn(
  config: DecoderConfig,
  { promptAttention }: Partial<DecoderArchitecture>,
): string | null {
  if (config.use_bidirectional_attention === true && promptAttention !== 'prefix')
    return 'Attention in both directions';
  return null;
}

function describe(figures: DecoderArchitecture): readonly string[] {
  const { layerCount, hiddenSize, headCount, keyValueHeadCount, vocabularySize } = figures;
  const window = figures.attentionWindow;
  const grouped =
    keyValueHeadCount === headCount ? '' : `, ${keyValueHeadCount} of keys and values`;
  return [
    `${layerCount} layers × ${hiddenSize}`,
    `${headCount} heads${grouped}`,
    ...(window === null ? [] : [`a window of ${window} tokens`]),
    `${vocabularySize} tokens known`,
  ];
}

/** The figures that all share under the names that all share. */
function respelt(json: JsonObject, { spellings }: DecoderFamily): JsonObject {
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => [
      Object.hasOwn(spellings, name) ? (spellings[name] as string) : name,
      value,
    ]),
  );
}

function sizes(config: DecoderConfig): Partial<DecoderArchitecture> {
  const headCount = config.num_attention_heads;
  return {
    vocabularySize: config.vocab_size,
    hiddenSize: config.hidden_size,
    layerCount: config.num_hidden_layers,
    headCount,
    keyValueHeadCount: config.num_key_value_heads ?? headCount,
    feedForwardSize: config.intermediate_size ?? 4 * config.hidden_size,
    contextLength: config.max_position_embeddings,
    normEpsilon: config.rms_norm_eps ?? config.layer_norm_eps ?? 1e-5,
    tiedEmbeddings: config.tie_word_embeddings,
  };
}

const rotaryScalings: Readonly<Record<string, RotaryScaling>> = {
  default: 'none',
  // Stretches nothing, whatever it is called.
  mrope: 'none',
  linear: 'linear',
  llama3: 'llama3',
  yarn: 'yarn',
  longrope: 'longrope',
  // What longrope was called first.
  su: 'longrope',
};

function rotaryFromConfig(config: DecoderConfig): Outcome<Partial<DecoderArchitecture>> {
  const rotary =
    config.rope_parameters?.full_attention ?? config.rope_parameters ?? config.rope_scaling ?? {};
  const type = rotary.rope_type ?? rotary.type ?? 'default';
  const rotaryScaling = Object.hasOwn(rotaryScalings, type) ? rotaryScalings[type] : undefined;
  if (!rotaryScaling) return unsupported(`Rotary scaling "${type}"`);
  const turning = {
    rotaryBase: rotary.rope_theta ?? config.rope_theta ?? 10_000,
    rotaryFraction: rotary.partial_rotary_factor ?? config.partial_rotary_factor ?? 1,
  };
  if (rotaryScaling === 'none') return ok(turning);
  const longest = config.max_position_embeddings;
  const rotaryTrainedContext =
    rotary.original_max_position_embeddings ?? config.original_max_position_embeddings ?? longest;
  const rotaryFactor =
    rotary.factor ?? (rotaryScaling === 'longrope' ? longest / rotaryTrainedContext : 1);
  return ok({
    ...turning,
    rotaryScaling,
    rotaryFactor,
    rotaryMagnitude: weighedMagnitude(rotaryFactor, rotary),
    rotaryTrainedContext,
    rotaryShortFactors: (rotary.short_factor ?? []).join(' '),
    rotaryLongFactors: (rotary.long_factor ?? []).join(' '),
    rotaryLowFactor: rotary.low_freq_factor ?? 1,
    rotaryHighFactor: rotary.high_freq_factor ?? 4,
  });
}

/** What is rotated, by what scores are multiplied with anyway; 0 where a configuration weighs nothing. */
function weighedMagnitude(
  factor: number,
  { mscale, mscale_all_dim }: NonNullable<DecoderConfig['rope_parameters']>,
): number {
  if (!mscale || !mscale_all_dim) return 0;
  return yarnMagnitude(factor, mscale) / yarnMagnitude(factor, mscale_all_dim);
}
