/** The Mamba that a published config.json describes, in the spelling of its authors or of Hugging Face. */
import { z } from 'zod';
import type { ConfigFiles, JsonObject } from '#engine/contract/config-files.ts';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { TakenConfig } from '#engine/node/taken-config.ts';
import {
  foreign,
  modelTypeOf,
  namedLayers,
  readFigures,
  unsupported,
} from '../config/published-config.ts';
import {
  automaticStepRank,
  publishedMambas,
  type MambaArchitecture,
  type PublishedMamba,
} from './mamba-architecture.ts';
import {
  authorsFigures,
  fromAuthors,
  fromHuggingFace,
  huggingFaceFigures,
  isOfAuthors,
  readAuthors,
  takeStateSpace,
} from './state-space-config.ts';

const rankSchema = z.union([z.int(), z.literal('auto')]);

/** What is left unsaid means what the authors' classes mean by it. */
const authorsSchema = z.object({
  ...authorsFigures,
  d_state: z.int().default(16),
  dt_rank: rankSchema.default('auto'),
});

const huggingFaceSchema = z.object({
  ...huggingFaceFigures,
  vocab_size: z.int().default(50_280),
  hidden_size: z.int().default(768),
  num_hidden_layers: namedLayers.default(32),
  state_size: z.int().default(16),
  time_step_rank: rankSchema.default('auto'),
  mixer_rms_eps: z.number().default(1e-6),
  tie_word_embeddings: z.boolean().default(true),
});

/** What Hugging Face calls those of the same blocks, by whether they have inner norms. */
const innerNorms: Readonly<Record<string, MambaArchitecture['innerNorm']>> = {
  mamba: 'none',
  falcon_mamba: 'rms-no-weight',
};

/** Relatives that are nodes of their own, by their titles. */
const others: Readonly<Record<string, string>> = { mamba2: 'Mamba-2', jamba: 'Jamba' };

/** Relatives that have blocks of their own. */
const relatives: ReadonlySet<string> = new Set(['zamba', 'bamba']);

export function mambaFromConfig(files: ConfigFiles): Outcome<TakenConfig> {
  return takeStateSpace<PublishedMamba, MambaArchitecture>(
    files,
    'Mamba',
    publishedMambas,
    architectureFrom,
  );
}

function architectureFrom(json: JsonObject): Outcome<MambaArchitecture> {
  const type = modelTypeOf(json);
  const innerNorm = Object.hasOwn(innerNorms, type) ? innerNorms[type] : undefined;
  if (innerNorm) return mambaOfHuggingFace(json, innerNorm);
  const other = Object.hasOwn(others, type) ? others[type] : undefined;
  if (other !== undefined)
    return foreign(`config.json describes a ${other}; choose the node "${other}".`);
  if (relatives.has(type)) return unsupported(`The state-space family "${type}"`);
  if (isOfAuthors(json)) return mambaOfAuthors(json);
  return foreign(`config.json describes no Mamba but "${type}"; choose the node of its family.`);
}

function mambaOfAuthors(json: JsonObject): Outcome<MambaArchitecture> {
  const figures = readAuthors(authorsSchema, json);
  if (!figures.ok) return figures;
  const { layer, dt_rank: rank, d_model: hiddenSize } = figures.value;
  if (layer === 'Mamba2')
    return foreign('config.json describes a Mamba-2; choose the node "Mamba-2".');
  const shared = fromAuthors(figures.value, 'Mamba1');
  if (!shared.ok) return shared;
  return ok({
    ...shared.value,
    stepRank: rankFrom(rank, hiddenSize),
    innerNorm: 'none',
    innerNormEpsilon: 1e-6,
  });
}

function mambaOfHuggingFace(
  json: JsonObject,
  innerNorm: MambaArchitecture['innerNorm'],
): Outcome<MambaArchitecture> {
  const figures = readFigures(huggingFaceSchema, json, 'config.json');
  if (!figures.ok) return figures;
  const { time_step_rank: rank, hidden_size: hiddenSize, mixer_rms_eps: epsilon } = figures.value;
  const shared = fromHuggingFace(figures.value);
  if (!shared.ok) return shared;
  return ok({
    ...shared.value,
    stepRank: rankFrom(rank, hiddenSize),
    innerNorm,
    innerNormEpsilon: epsilon,
  });
}

const rankFrom = (rank: z.infer<typeof rankSchema>, hiddenSize: number): number =>
  rank === 'auto' ? automaticStepRank(hiddenSize) : rank;
