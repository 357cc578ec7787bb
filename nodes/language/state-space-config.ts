/** What published configurations of all state-space language models have, in either spelling. */
import { z } from 'zod';
import type { ConfigFiles, JsonObject } from '#engine/contract/config-files.ts';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { TakenConfig } from '#engine/node/taken-config.ts';
import {
  configFile,
  namedLayers,
  partOf,
  publishedOrCustom,
  readFigures,
  unsupported,
} from '../config/published-config.ts';
import type { StateSpaceArchitecture } from './state-space-architecture.ts';

/** Of the authors of Mamba; what is left unsaid means what their classes mean by it. */
export const authorsFigures = {
  d_model: z.int(),
  n_layer: namedLayers,
  vocab_size: z.int().default(50_277),
  pad_vocab_size_multiple: z.int().default(1),
  rms_norm: z.boolean().default(true),
  tie_embeddings: z.boolean().default(true),
  d_intermediate: z.int().default(0),
  attn_layer_idx: z.array(z.int()).default([]),
  /** The figures of a block, in an object of their own. */
  layer: z.string().default('Mamba1'),
  d_conv: z.int().default(4),
  expand: z.number().default(2),
  conv_bias: z.boolean().default(true),
  bias: z.boolean().default(false),
} as const;

export const huggingFaceFigures = {
  expand: z.number().default(2),
  /** Where it is said, it is what holds: one published file has a factor that is never used. */
  intermediate_size: z.int().optional(),
  conv_kernel: z.int().default(4),
  use_bias: z.boolean().default(false),
  use_conv_bias: z.boolean().default(true),
  hidden_act: z.string().default('silu'),
  layer_norm_epsilon: z.number().default(1e-5),
} as const;

const authorsSchema = z.object({ ...authorsFigures, d_state: z.int() });
const huggingFaceSchema = z.object({
  ...huggingFaceFigures,
  vocab_size: z.int(),
  hidden_size: z.int(),
  num_hidden_layers: namedLayers,
  state_size: z.int(),
  tie_word_embeddings: z.boolean(),
});

/** The spelling of the authors: no type, but the figures of blocks in `ssm_cfg`. */
export const isOfAuthors = (json: JsonObject): boolean => 'd_model' in json && 'n_layer' in json;

/** Reads what a schema of `authorsFigures` names, wherever it stands. */
export function readAuthors<Figures>(
  schema: z.ZodType<Figures>,
  json: JsonObject,
): Outcome<Figures> {
  return readFigures(schema, { ...json, ...partOf(json, ['ssm_cfg']) }, 'config.json');
}

export function fromAuthors(
  config: z.infer<typeof authorsSchema>,
  layer: string,
): Outcome<StateSpaceArchitecture> {
  if (config.layer !== layer) return unsupported(`The block "${config.layer}"`);
  if (config.attn_layer_idx.length > 0) return unsupported('Attention between Mamba blocks');
  if (config.d_intermediate > 0) return unsupported('A feed-forward between Mamba blocks');
  const padding = config.pad_vocab_size_multiple;
  return ok({
    vocabularySize: Math.ceil(config.vocab_size / padding) * padding,
    hiddenSize: config.d_model,
    layerCount: config.n_layer,
    innerSize: Math.trunc(config.expand * config.d_model),
    stateSize: config.d_state,
    kernelSize: config.d_conv,
    projectionBias: config.bias,
    convolutionBias: config.conv_bias,
    norm: config.rms_norm ? 'rms' : 'layer',
    normEpsilon: 1e-5,
    tiedEmbeddings: config.tie_embeddings,
  });
}

export function fromHuggingFace(
  config: z.infer<typeof huggingFaceSchema>,
): Outcome<StateSpaceArchitecture> {
  if (config.hidden_act !== 'silu') return unsupported(`The activation "${config.hidden_act}"`);
  return ok({
    vocabularySize: config.vocab_size,
    hiddenSize: config.hidden_size,
    layerCount: config.num_hidden_layers,
    innerSize: config.intermediate_size ?? Math.trunc(config.expand * config.hidden_size),
    stateSize: config.state_size,
    kernelSize: config.conv_kernel,
    projectionBias: config.use_bias,
    convolutionBias: config.use_conv_bias,
    norm: 'rms',
    normEpsilon: config.layer_norm_epsilon,
    tiedEmbeddings: config.tie_word_embeddings,
  });
}

/** The published model of a family that a folder's config.json describes, or a custom one. */
export function takeStateSpace<
  Name extends string,
  Architecture extends StateSpaceArchitecture & JsonObject,
>(
  files: ConfigFiles,
  family: string,
  published: Readonly<Record<Name, { readonly architecture: Architecture }>>,
  read: (json: JsonObject) => Outcome<Architecture>,
): Outcome<TakenConfig> {
  const file = configFile(files, 'config.json');
  if (!file.ok) return file;
  const architecture = read(file.value);
  if (!architecture.ok) return architecture;
  const figures = architecture.value;
  const { layerCount, hiddenSize, stateSize, vocabularySize } = figures;
  return ok({
    params: publishedOrCustom(
      Object.keys(published) as Name[],
      (name) => published[name].architecture,
      figures,
    ),
    took: [
      family,
      `${layerCount} layers × ${hiddenSize}`,
      `state of ${stateSize}`,
      `${vocabularySize} tokens known`,
    ],
    file: 'config.json',
  });
}
