/** The Mamba that a published config.json describes, in the spelling of its authors or of Hugging Face. */
import { z } from 'zod';
import type { ConfigFiles, JsonObject } from '#engine/contract/config-files.ts';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { TakenConfig } from '#engine/node/taken-config.ts';
import {
  configFile,
  foreign,
  modelTypeOf,
  partOf,
  publishedOrCustom,
  readFigures,
  unsupported,
} from '../config/published-config.ts';
import {
  automaticStepRank,
  publishedMambas,
  type MambaArchitecture,
  type PublishedMamba,
} from './mamba-architecture.ts';

const rankSchema = z.union([z.int(), z.literal('auto')]);

/** What is left unsaid means what the authors' classes mean by it. */
const authorsSchema = z.object({
  d_model: z.int(),
  n_layer: z.int(),
  vocab_size: z.int().default(50_277),
  pad_vocab_size_multiple: z.int().default(1),
  rms_norm: z.boolean().default(true),
  tie_embeddings: z.boolean().default(true),
  d_intermediate: z.int().default(0),
  attn_layer_idx: z.array(z.int()).default([]),
  /** The figures of a block, in an object of their own. */
  layer: z.string().default('Mamba1'),
  d_state: z.int().default(16),
  d_conv: z.int().default(4),
  expand: z.number().default(2),
  dt_rank: rankSchema.default('auto'),
  conv_bias: z.boolean().default(true),
  bias: z.boolean().default(false),
});

const huggingFaceSchema = z.object({
  vocab_size: z.int().default(50_280),
  hidden_size: z.int().default(768),
  num_hidden_layers: z.int().default(32),
  state_size: z.int().default(16),
  conv_kernel: z.int().default(4),
  expand: z.number().default(2),
  time_step_rank: rankSchema.default('auto'),
  use_bias: z.boolean().default(false),
  use_conv_bias: z.boolean().default(true),
  hidden_act: z.string().default('silu'),
  layer_norm_epsilon: z.number().default(1e-5),
  tie_word_embeddings: z.boolean().default(true),
});

/** Relatives that have blocks of their own. */
const relatives: ReadonlySet<string> = new Set([
  'mamba2',
  'falcon_mamba',
  'jamba',
  'zamba',
  'bamba',
]);

export function mambaFromConfig(files: ConfigFiles): Outcome<TakenConfig> {
  const file = configFile(files, 'config.json');
  if (!file.ok) return file;
  const architecture = architectureFrom(file.value);
  if (!architecture.ok) return architecture;
  const figures = architecture.value;
  const { layerCount, hiddenSize, stateSize, vocabularySize } = figures;
  return ok({
    params: publishedOrCustom(
      Object.keys(publishedMambas) as PublishedMamba[],
      (name) => publishedMambas[name].architecture,
      figures,
    ),
    took: [
      'Mamba',
      `${layerCount} layers × ${hiddenSize}`,
      `state of ${stateSize}`,
      `${vocabularySize} tokens known`,
    ],
    file: 'config.json',
  });
}

function architectureFrom(json: JsonObject): Outcome<MambaArchitecture> {
  const type = modelTypeOf(json);
  if (type === 'mamba') return fromHuggingFace(json);
  if (relatives.has(type)) return unsupported(`The state-space family "${type}"`);
  if ('d_model' in json && 'n_layer' in json) return fromAuthors(json);
  return foreign(`config.json describes no Mamba but "${type}"; choose the node of its family.`);
}

function fromAuthors(json: JsonObject): Outcome<MambaArchitecture> {
  const figures = readFigures(
    authorsSchema,
    { ...json, ...partOf(json, ['ssm_cfg']) },
    'config.json',
  );
  if (!figures.ok) return figures;
  const config = figures.value;
  if (config.layer !== 'Mamba1') return unsupported(`The block "${config.layer}"`);
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
    stepRank: rankFrom(config.dt_rank, config.d_model),
    projectionBias: config.bias,
    convolutionBias: config.conv_bias,
    norm: config.rms_norm ? 'rms' : 'layer',
    normEpsilon: 1e-5,
    tiedEmbeddings: config.tie_embeddings,
  });
}

function fromHuggingFace(json: JsonObject): Outcome<MambaArchitecture> {
  const figures = readFigures(huggingFaceSchema, json, 'config.json');
  if (!figures.ok) return figures;
  const config = figures.value;
  if (config.hidden_act !== 'silu') return unsupported(`The activation "${config.hidden_act}"`);
  return ok({
    vocabularySize: config.vocab_size,
    hiddenSize: config.hidden_size,
    layerCount: config.num_hidden_layers,
    innerSize: Math.trunc(config.expand * config.hidden_size),
    stateSize: config.state_size,
    kernelSize: config.conv_kernel,
    stepRank: rankFrom(config.time_step_rank, config.hidden_size),
    projectionBias: config.use_bias,
    convolutionBias: config.use_conv_bias,
    norm: 'rms',
    normEpsilon: config.layer_norm_epsilon,
    tiedEmbeddings: config.tie_word_embeddings,
  });
}

const rankFrom = (rank: z.infer<typeof rankSchema>, hiddenSize: number): number =>
  rank === 'auto' ? automaticStepRank(hiddenSize) : rank;
