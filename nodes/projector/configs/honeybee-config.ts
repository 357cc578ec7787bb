/** The abstractor that a Honeybee's config.json describes, as its `projector_config` or by itself. */
import { z } from 'zod';
import type { ConfigFiles, JsonObject } from '#engine/contract/config-files.ts';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { TakenConfig } from '#engine/node/taken-config.ts';
import {
  activationFromConfig,
  configFile,
  foreign,
  modelTypeOf,
  partOf,
  readFigures,
  unsupported,
} from '../../config/published-config.ts';
import { describeWidths } from '../../tokens/widths.ts';

const shared = {
  encoder_hidden_size: z.int().optional(),
  output_hidden_size: z.int().optional(),
  num_query_tokens: z.int().optional(),
  num_queries: z.int().optional(),
  num_eos_tokens: z.int().default(0),
  pos_emb: z.boolean().default(true),
};

const convolutionalSchema = z.object({
  ...shared,
  hidden_size: z.int().default(1024),
  depth: z.int().default(3),
  mlp_depth: z.int().default(2),
  prenorm: z.boolean().default(false),
});

/** What is left unsaid means what Deformable DETR means by it. */
const deformableSchema = z.object({
  ...shared,
  d_model: z.int().default(256),
  decoder_layers: z.int().default(6),
  decoder_attention_heads: z.int().default(8),
  decoder_n_points: z.int().default(4),
  decoder_ffn_dim: z.int().default(1024),
  activation_function: z.string().default('relu'),
  num_feature_levels: z.int().default(1),
  pooled_v_target: z.string().default('query'),
});

const wholeSchema = z.object({
  num_query_tokens: z.int().optional(),
  vision_config: z.object({ hidden_size: z.int().optional() }).optional(),
  text_config: z.object({ hidden_size: z.int().optional() }).optional(),
});

export function cAbstractorFromConfig(files: ConfigFiles): Outcome<TakenConfig> {
  const found = abstractorIn(files, 'c-abs', 'C-Abstractor');
  if (!found.ok) return found;
  const figures = readFigures(convolutionalSchema, found.value.own, 'config.json');
  if (!figures.ok) return figures;
  const { hidden_size: hiddenSize, depth, mlp_depth: readoutDepth, prenorm } = figures.value;
  return taken(found.value, figures.value, 'C-Abstractor', {
    hiddenSize,
    depth,
    readoutDepth,
    inputNorm: prenorm,
  });
}

/** By what is made of the pooled picture. */
const pooledAs: Readonly<Record<string, string>> = { query: 'positions', tgt: 'state' };

export function dAbstractorFromConfig(files: ConfigFiles): Outcome<TakenConfig> {
  const found = abstractorIn(files, 'd-abs', 'D-Abstractor');
  if (!found.ok) return found;
  const figures = readFigures(deformableSchema, found.value.own, 'config.json');
  if (!figures.ok) return figures;
  const { activation_function: named, pooled_v_target: target } = figures.value;
  const activation = activationFromConfig(named);
  if (activation === null) return unsupported(`The activation "${named}"`);
  const pooled = Object.hasOwn(pooledAs, target) ? pooledAs[target] : undefined;
  if (pooled === undefined) return unsupported(`A D-Abstractor that pools for "${target}"`);
  const levels = figures.value.num_feature_levels;
  if (levels !== 1) return unsupported(`A D-Abstractor of ${levels} feature levels`);
  return taken(found.value, figures.value, 'D-Abstractor', {
    hiddenSize: figures.value.d_model,
    layerCount: figures.value.decoder_layers,
    headCount: figures.value.decoder_attention_heads,
    pointCount: figures.value.decoder_n_points,
    feedForwardSize: figures.value.decoder_ffn_dim,
    activation,
    pooled,
  });
}

interface Found {
  readonly own: JsonObject;
  readonly whole: z.infer<typeof wholeSchema>;
}

function abstractorIn(files: ConfigFiles, type: string, title: string): Outcome<Found> {
  const file = configFile(files, 'config.json');
  if (!file.ok) return file;
  // The first checkpoints spell it otherwise.
  const own = partOf(file.value, ['projector_config', 'visual_projector_config']) ?? file.value;
  if (own['projector_type'] !== type) {
    const named = own['projector_type'];
    const other = typeof named === 'string' ? named : modelTypeOf(file.value);
    return foreign(`config.json describes no ${title}; what it has is "${other}".`);
  }
  const whole = readFigures(wholeSchema, file.value, 'config.json');
  return whole.ok ? ok({ own, whole: whole.value }) : whole;
}

interface SharedFigures {
  readonly encoder_hidden_size?: number | undefined;
  readonly output_hidden_size?: number | undefined;
  readonly num_query_tokens?: number | undefined;
  readonly num_queries?: number | undefined;
  readonly num_eos_tokens: number;
  readonly pos_emb: boolean;
}

function taken(
  { whole }: Found,
  figures: SharedFigures,
  title: string,
  params: JsonObject,
): Outcome<TakenConfig> {
  const count = figures.num_query_tokens ?? figures.num_queries ?? whole.num_query_tokens ?? 144;
  const side = Math.sqrt(count);
  if (!Number.isInteger(side))
    return unsupported(`A ${title} of ${count} tokens, which make no square,`);
  const widths = {
    inputWidth: figures.encoder_hidden_size ?? whole.vision_config?.hidden_size ?? null,
    outputWidth: figures.output_hidden_size ?? whole.text_config?.hidden_size ?? null,
  };
  const positions = figures.pos_emb ? 'grid' : 'none';
  return ok({
    params: { ...params, ...widths, side, positions, endCount: figures.num_eos_tokens },
    took: [`Honeybee's ${title}`, `${count} tokens`, describeWidths(widths)],
    file: 'config.json',
  });
}
