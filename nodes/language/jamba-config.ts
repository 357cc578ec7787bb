/** The Jamba that a published config.json describes. */
import { z } from 'zod';
import type { ConfigFiles } from '#engine/contract/config-files.ts';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { TakenConfig } from '#engine/node/taken-config.ts';
import {
  configFile,
  foreign,
  modelTypeOf,
  namedLayers,
  publishedOrCustom,
  readFigures,
  unsupported,
} from '../config/published-config.ts';
import {
  publishedJambas,
  type JambaArchitecture,
  type PublishedJamba,
} from './jamba-architecture.ts';
import { automaticStepRank } from './mamba-architecture.ts';

/** What is left unsaid means what Hugging Face's class means by it. */
const schema = z.object({
  vocab_size: z.int().default(65_536),
  hidden_size: z.int().default(4096),
  num_hidden_layers: namedLayers.default(32),
  intermediate_size: z.int().default(14_336),
  max_position_embeddings: z.int().default(262_144),
  attn_layer_period: z.int().default(8),
  attn_layer_offset: z.int().default(4),
  num_attention_heads: z.int().default(32),
  num_key_value_heads: z.int().default(8),
  expert_layer_period: z.int().default(2),
  expert_layer_offset: z.int().default(1),
  num_experts: z.int().default(16),
  num_experts_per_tok: z.int().default(2),
  mamba_d_state: z.int().default(16),
  mamba_d_conv: z.int().default(4),
  mamba_expand: z.number().default(2),
  mamba_dt_rank: z.union([z.int(), z.literal('auto')]).default('auto'),
  mamba_conv_bias: z.boolean().default(true),
  mamba_proj_bias: z.boolean().default(false),
  hidden_act: z.string().default('silu'),
  sliding_window: z.int().nullable().default(null),
  rms_norm_eps: z.number().default(1e-6),
  tie_word_embeddings: z.boolean().default(false),
});

export function jambaFromConfig(files: ConfigFiles): Outcome<TakenConfig> {
  const file = configFile(files, 'config.json');
  if (!file.ok) return file;
  const type = modelTypeOf(file.value);
  if (type !== 'jamba')
    return foreign(`config.json describes no Jamba but "${type}"; choose the node of its family.`);
  const config = readFigures(schema, file.value, 'config.json');
  if (!config.ok) return config;
  const { hidden_act: activation, sliding_window: window } = config.value;
  if (activation !== 'silu') return unsupported(`The activation "${activation}"`);
  if (window !== null) return unsupported('A sliding window between Mamba blocks');
  const figures = architectureFrom(config.value);
  const { layerCount, hiddenSize, experts, vocabularySize } = figures;
  return ok({
    params: publishedOrCustom(
      Object.keys(publishedJambas) as PublishedJamba[],
      (name) => publishedJambas[name].architecture,
      figures,
    ),
    took: [
      'Jamba',
      `${layerCount} layers × ${hiddenSize}`,
      `${experts} experts`,
      `${vocabularySize} tokens known`,
    ],
    file: 'config.json',
  });
}

function architectureFrom(config: z.infer<typeof schema>): JambaArchitecture {
  const { hidden_size: hiddenSize, mamba_dt_rank: rank } = config;
  return {
    vocabularySize: config.vocab_size,
    hiddenSize,
    layerCount: config.num_hidden_layers,
    feedForwardSize: config.intermediate_size,
    contextLength: config.max_position_embeddings,
    attentionPeriod: config.attn_layer_period,
    attentionOffset: config.attn_layer_offset,
    headCount: config.num_attention_heads,
    keyValueHeadCount: config.num_key_value_heads,
    expertPeriod: config.expert_layer_period,
    expertOffset: config.expert_layer_offset,
    experts: config.num_experts,
    expertsPerToken: config.num_experts_per_tok,
    innerSize: Math.trunc(config.mamba_expand * hiddenSize),
    stateSize: config.mamba_d_state,
    kernelSize: config.mamba_d_conv,
    stepRank: rank === 'auto' ? automaticStepRank(hiddenSize) : rank,
    projectionBias: config.mamba_proj_bias,
    convolutionBias: config.mamba_conv_bias,
    normEpsilon: config.rms_norm_eps,
    tiedEmbeddings: config.tie_word_embeddings,
  };
}
