/** The experts that a published config.json describes, alone or as the language part of a whole model. */
import { z } from 'zod';
import type { ConfigFiles, JsonObject } from '#engine/contract/config-files.ts';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import { layersInNumbers } from '#engine/node/layer-choice.ts';
import type { TakenConfig } from '#engine/node/taken-config.ts';
import {
  configFile,
  foreign,
  modelTypeOf,
  namedLayers,
  partOf,
  readFigures,
  unsupported,
} from '../config/published-config.ts';
import type { ExpertFigures } from './expert-params.ts';

const configSchema = z.object({
  num_hidden_layers: namedLayers.default(0),
  num_experts_per_tok: z.int(),
  num_local_experts: z.int().nullish(),
  num_experts: z.int().nullish(),
  n_routed_experts: z.int().nullish(),
  norm_topk_prob: z.boolean().default(false),
  moe_intermediate_size: z.int().optional(),
  // Qwen-MoE
  shared_expert_intermediate_size: z.int().optional(),
  decoder_sparse_step: z.int().min(1).default(1),
  mlp_only_layers: z.array(z.int()).nullish(),
  // Phi-MoE
  router_jitter_noise: z.number().default(0.01),
  // DeepSeek
  n_shared_experts: z.int().nullish(),
  first_k_dense_replace: z.int().default(0),
  moe_layer_freq: z.int().min(1).default(1),
  topk_method: z.string().default('greedy'),
  scoring_func: z.string().default('softmax'),
  n_group: z.int().nullish(),
  topk_group: z.int().nullish(),
  routed_scaling_factor: z.number().default(1),
});
type Config = z.infer<typeof configSchema>;

interface Family {
  readonly title: string;
  /** What the library means by saying nothing. */
  readonly defaults: JsonObject;
  /** What it adds to the figures that all share, or what of it is not built. */
  readonly figures: (config: Config) => Outcome<Partial<ExpertFigures>>;
}

/** By the `model_type` of their configurations. */
const families: Readonly<Record<string, Family>> = {
  mixtral: {
    title: 'Mixtral',
    defaults: { num_local_experts: 8, num_experts_per_tok: 2 },
    figures: () => ok({ renormalise: true }),
  },
  phimoe: {
    title: 'Phi-MoE',
    defaults: { num_local_experts: 16, num_experts_per_tok: 2 },
    figures: ({ router_jitter_noise: jitter }) => ok({ routing: 'sparse-mixer', jitter }),
  },
  olmoe: {
    title: 'OLMoE',
    defaults: { num_experts: 64, num_experts_per_tok: 8 },
    figures: ({ norm_topk_prob: renormalise }) => ok({ renormalise }),
  },
  granitemoe: {
    title: 'Granite-MoE',
    defaults: { num_local_experts: 8, num_experts_per_tok: 2 },
    figures: () => ok({ routing: 'chosen-softmax' }),
  },
  qwen2_moe: {
    title: 'Qwen2-MoE',
    defaults: {
      num_experts: 60,
      num_experts_per_tok: 4,
      num_hidden_layers: 24,
      moe_intermediate_size: 1408,
      shared_expert_intermediate_size: 5632,
    },
    figures: (config) =>
      ok({
        ...qwenFigures(config),
        shared: 'gated',
        sharedSize: config.shared_expert_intermediate_size ?? null,
      }),
  },
  qwen3_moe: {
    title: 'Qwen3-MoE',
    defaults: {
      num_experts: 128,
      num_experts_per_tok: 8,
      num_hidden_layers: 24,
      moe_intermediate_size: 768,
    },
    figures: (config) => ok(qwenFigures(config)),
  },
  deepseek_v2: {
    title: 'DeepSeek-V2',
    defaults: { num_hidden_layers: 30, n_shared_experts: 2, moe_intermediate_size: 1407 },
    figures: deepSeekFigures,
  },
};

/** Every so many layers have experts, but for those that are named. */
function qwenFigures(config: Config): Partial<ExpertFigures> {
  const { decoder_sparse_step: step, mlp_only_layers: dense } = config;
  return {
    renormalise: config.norm_topk_prob,
    expertSize: config.moe_intermediate_size ?? null,
    ...layersWhere(config, (layer) => (layer + 1) % step === 0 && !(dense ?? []).includes(layer)),
  };
}

const layersWhere = (
  { num_hidden_layers: count }: Config,
  has: (layer: number) => boolean,
): Partial<ExpertFigures> =>
  layersInNumbers(Array.from({ length: count }, (_, layer) => layer).filter(has), count);

function deepSeekFigures(config: Config): Outcome<Partial<ExpertFigures>> {
  const { topk_method: method, scoring_func: score, norm_topk_prob: renormalise } = config;
  if (score !== 'softmax') return unsupported(`Routing by "${score}"`);
  if (method !== 'greedy' && method !== 'group_limited_greedy')
    return unsupported(`Routing by "${method}"`);
  const { first_k_dense_replace: first, moe_layer_freq: every } = config;
  const inner = config.moe_intermediate_size ?? null;
  const count = config.n_shared_experts ?? 0;
  return ok({
    ...(method === 'greedy'
      ? { routing: 'softmax' as const }
      : {
          routing: 'groups' as const,
          groups: config.n_group ?? 1,
          chosenGroups: config.topk_group ?? 1,
        }),
    renormalise,
    // The original scales just what it does not renormalise.
    scale: renormalise ? 1 : config.routed_scaling_factor,
    expertSize: inner,
    ...(count > 0 && { shared: 'added', sharedSize: inner === null ? null : count * inner }),
    ...layersWhere(config, (layer) => layer >= first && layer % every === 0),
  });
}

export function expertsFromConfig(files: ConfigFiles): Outcome<TakenConfig> {
  const file = configFile(files, 'config.json');
  if (!file.ok) return file;
  const llava = partOf(file.value, ['moe']);
  if (llava) return fromMoeLlava(llava, file.value);
  const config = partOf(file.value, ['text_config', 'llm_config', 'language_config']) ?? file.value;
  const type = modelTypeOf(config);
  const family = Object.hasOwn(families, type) ? families[type] : undefined;
  if (!family)
    return foreign(`config.json describes no experts that are built here; "${type}" has none.`);
  const read = readFigures(configSchema, { ...family.defaults, ...config }, 'config.json');
  if (!read.ok) return read;
  const own = family.figures(read.value);
  if (!own.ok) return own;
  const { num_local_experts: local, num_experts: all, n_routed_experts: routed } = read.value;
  // Since transformers 5 some families say by another name what their default says by the old one.
  const experts = local ?? all ?? routed;
  if (experts == null)
    return foreign('config.json cannot be taken: it does not say how many experts there are.');
  return taken(family.title, {
    experts,
    topK: read.value.num_experts_per_tok,
    layers: 'all',
    ...own.value,
  });
}

function taken(title: string, figures: Partial<ExpertFigures>): Outcome<TakenConfig> {
  return ok({
    params: { model: 'custom', ...figures, start: 'own' },
    took: [title, `${figures.experts} experts`, `${figures.topK} a token`],
    file: 'config.json',
  });
}

/** What MoE-LLaVA adds to the configuration of its language model. */
const moeLlavaSchema = z.object({
  /** One number, or one a layer. */
  num_experts: z.union([z.int(), z.array(z.int()).min(1)]),
  top_k_experts: z.int(),
  moe_layers_idx: z.array(z.int()).nullish(),
  eval_capacity_factor: z.number().default(2),
  min_capacity: z.int().default(0),
  use_residual: z.boolean().default(false),
});

function fromMoeLlava(moe: JsonObject, { num_hidden_layers: count }: JsonObject) {
  const read = readFigures(moeLlavaSchema, moe, 'config.json');
  if (!read.ok) return read;
  const { num_experts, moe_layers_idx: layers, use_residual: isResidual } = read.value;
  const counts = new Set([num_experts].flat());
  const [experts] = counts;
  if (counts.size > 1 || experts === undefined)
    return unsupported('Another number of experts in each layer');
  return taken('MoE-LLaVA', {
    experts,
    topK: read.value.top_k_experts,
    ...(layers && typeof count === 'number'
      ? layersInNumbers(layers, count)
      : { layers: 'every-second' as const }),
    routing: 'capacity',
    capacityFactor: read.value.eval_capacity_factor,
    leastCapacity: read.value.min_capacity,
    ...(isResidual && { shared: 'mixed' as const }),
  });
}
